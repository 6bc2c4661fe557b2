/** A command line with files in memory, and what it printed. */
import { concatBytes } from '../../base/bytes.js';
import { CairnError } from '../../base/errors.js';
import { monotonicMs } from '../../base/instants.js';
import type { CairnClient } from '../../client/client.js';
import type { MonitorClient } from '../../protocol/monitor-client.js';
import type { FileStat } from '../../runtime/disk.js';
import type { Runtime } from '../../runtime/runtime.js';
import type { CliContext } from '../../cli/context.js';
import { runCli } from '../../cli/program.js';

export interface CliRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Number of writes to stdout. */
  readonly writes: number;
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Paths of those that only the user may read. */
  readonly privateFiles: ReadonlySet<string>;
}

export interface CliOptions {
  readonly client?: MonitorClient;
  readonly interrupted?: AbortSignal;
  /** Default false. */
  readonly isTerminal?: boolean;
  /** For commands that work on files and directories themselves. */
  readonly runtime?: Runtime;
  /** For commands about objects: a new one each time, as commands close theirs. */
  readonly objects?: () => Promise<CairnClient>;
  /** Sees what is printed as it comes. */
  readonly onPrint?: (text: string) => void;
}

export async function cli(
  args: readonly string[],
  files: Record<string, string | Uint8Array> = {},
  {
    client,
    interrupted = new AbortController().signal,
    isTerminal = false,
    runtime,
    objects,
    onPrint,
  }: CliOptions = {},
): Promise<CliRun> {
  const stored = new Map(
    Object.entries(files).map(([path, content]) => {
      return [path, typeof content === 'string' ? new TextEncoder().encode(content) : content] as const;
    }),
  );
  const stdout: string[] = [];
  const stderr: string[] = [];
  const privateFiles = new Set<string>();
  const context: CliContext = {
    env: {},
    isTerminal,
    isNoteTerminal: isTerminal,
    print: (text) => {
      stdout.push(text);
      onPrint?.(text);
    },
    note: (text) => void stderr.push(text),
    readFile: async (path, bytesMax) => {
      const bytes = stored.get(path);
      if (bytes === undefined) throw new CairnError('NOT_FOUND', `there is no file ${path}; check the path`);
      if (bytes.byteLength > bytesMax) throw new CairnError('INVALID_ARGUMENT', `${path} is too large`);
      return bytes;
    },
    writeFile: async (path, bytes, { isPrivate = false } = {}) => {
      if (path.startsWith('full/')) throw new CairnError('NO_SPACE', `${path}: the disk is full`);
      if (path === '-') stdout.push(new TextDecoder().decode(bytes));
      else stored.set(path, bytes.slice());
      if (isPrivate) privateFiles.add(path);
    },
    openInput: async (path) => {
      const bytes = stored.get(path);
      if (bytes === undefined) throw new CairnError('NOT_FOUND', `there is no file ${path}; check the path`);
      return { bytes: path === '-' ? undefined : bytes.byteLength, chunks: inHalves(bytes) };
    },
    writeStream: async (path, pieces) => {
      const all: Uint8Array[] = [];
      for await (const piece of pieces) all.push(piece);
      if (path === '-') stdout.push(new TextDecoder().decode(concatBytes(all)));
      else stored.set(path, concatBytes(all));
    },
    connectObjects: async () => {
      if (objects === undefined)
        throw new CairnError('NOT_FOUND', 'there is no cluster here; start one with `cairn dev`');
      return objects();
    },
    connect: async () => {
      if (client === undefined)
        throw new CairnError('NOT_FOUND', 'there is no cluster here; start one with `cairn dev`');
      return client;
    },
    interrupted,
    deadlineIn: (ms) => monotonicMs((runtime?.clock.now() ?? 0) + ms),
    hostname: 'here',
    absolute: (path) => (path.startsWith('/') ? path : `/here/${path}`),
    script: 'cairn',
    // These tests start no daemons: whether a file is there is all that commands ask.
    runtime: () => runtime ?? ({ disk: { stat: (path: string) => statOf(stored, path) } } as unknown as Runtime),
  };
  const code = await runCli(args, context);
  return { code, stdout: stdout.join(''), stderr: stderr.join(''), writes: stdout.length, files: stored, privateFiles };
}

async function* inHalves(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const middle = bytes.byteLength >> 1;
  yield bytes.subarray(0, middle);
  yield bytes.subarray(middle);
}

async function statOf(stored: ReadonlyMap<string, Uint8Array>, path: string): Promise<FileStat> {
  const bytes = stored.get(path);
  if (bytes === undefined) throw new CairnError('NOT_FOUND', `there is no file ${path}`);
  return { kind: 'file', bytes: bytes.byteLength };
}
