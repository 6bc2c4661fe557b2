/** The process side of the `cairn` command: `bin/cairn` calls `main`, everything else gets a `CliContext`. */
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { hostname } from 'node:os';
import { open, realpath } from 'node:fs/promises';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Readable } from 'node:stream';
import { isatty } from 'node:tty';
import { concatBytes } from '../base/bytes.js';
import { CairnError, isCairnError } from '../base/errors.js';
import { monotonicMs } from '../base/instants.js';
import type { Disk, FileStat } from '../runtime/disk.js';
import { fromErrno } from '../runtime/node/errno.js';
import { createNodeRuntime } from '../runtime/node/runtime.js';
import { readWholeFile, writeFileDurably } from '../runtime/whole-file.js';
import { connectObjectsTo, connectTo } from './connect.js';
import type { CliContext, InputStream, WriteFileOptions } from './context.js';
import { runCli } from './program.js';

export async function main(): Promise<void> {
  // `cairn ... | head` closes our stdout early: that is the reader's choice, not an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    process.stderr.write(`cairn: cannot write the result (${error.message}); send it elsewhere\n`);
    process.exit(1);
  });
  process.exitCode = await runCli(process.argv.slice(2), processContext());
}

/** Exported for the test of what it does with files. */
export function processContext(): CliContext {
  // What the libraries below have to say is for daemons' logs; here errors tell it.
  const runtime = createNodeRuntime({ daemon: 'cli', logLevel: 'error' });
  const { clock, disk } = runtime;
  let interruption: AbortController | undefined;
  const context: CliContext = {
    print: (text) => void process.stdout.write(text),
    note: (text) => void process.stderr.write(text),
    readFile: (path, bytesMax) => readFile(disk, path, bytesMax),
    writeFile: (path, bytes, options = {}) => writeFile(disk, path, bytes, options),
    // NO_COLOR: https://no-color.org
    isTerminal: isatty(1) && (process.env['NO_COLOR'] ?? '') === '',
    isNoteTerminal: isatty(2),
    env: process.env,
    absolute: (path) => posix.resolve(path),
    script: fileURLToPath(new URL('../../bin/cairn', import.meta.url)),
    hostname: hostname(),
    openInput: (path) => openInput(disk, path),
    writeStream: (path, pieces) => writeStream(disk, path, pieces),
    connectObjects: (choice, wait) => connectObjectsTo(runtime, context, choice, wait),
    connect: (choice) => connectTo(runtime, context, choice),
    // Made when a command asks for it: the others end at Ctrl-C as every program does.
    get interrupted() {
      interruption ??= abortAtInterrupt();
      return interruption.signal;
    },
    deadlineIn: (ms) => monotonicMs(clock.now() + ms),
    runtime: (daemon) => (daemon === 'cli' ? runtime : createNodeRuntime({ daemon })),
  };
  return context;
}

/** The first Ctrl-C lets the command end in good order, the second ends it at once. */
function abortAtInterrupt(): AbortController {
  const controller = new AbortController();
  process.once('SIGINT', () => controller.abort());
  return controller;
}

async function readFile(disk: Disk, path: string, bytesMax: number): Promise<Uint8Array> {
  if (path === '-') return readStream(process.stdin, 'standard input', bytesMax);
  const { kind } = await disk.stat(path);
  if (kind === 'directory') throw new CairnError('INVALID_ARGUMENT', `${path} is a directory; name a file`);
  // A pipe, as in `--map <(zcat map.gz)`, has neither a size nor positions.
  return kind === 'file' ? readWholeFile(disk, path, bytesMax) : readStream(createReadStream(path), path, bytesMax);
}

async function openInput(disk: Disk, path: string): Promise<InputStream> {
  if (path === '-') return { bytes: undefined, chunks: process.stdin };
  const { kind, bytes } = await disk.stat(path);
  if (kind === 'directory') throw new CairnError('INVALID_ARGUMENT', `${path} is a directory; name a file`);
  const chunks = createReadStream(path, { highWaterMark: 1024 * 1024 });
  return { bytes: kind === 'file' ? bytes : undefined, chunks: withCairnErrors(chunks, path) };
}

async function* withCairnErrors(stream: Readable, path: string): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* stream;
  } catch (error) {
    throw fromErrno(error, `${path}: cannot be read`, 'IO_ERROR');
  }
}

async function readStream(stream: Readable, name: string, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of stream) {
    if (!(chunk instanceof Uint8Array)) throw new CairnError('INTERNAL', `${name} did not deliver bytes`);
    total += chunk.byteLength;
    if (total > bytesMax) throw new CairnError('INVALID_ARGUMENT', `${name} has more than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return concatBytes(chunks);
}

async function writeFile(
  disk: Disk,
  path: string,
  bytes: Uint8Array,
  { isPrivate = false }: WriteFileOptions,
): Promise<void> {
  if (path === '-') {
    process.stdout.write(bytes);
    return;
  }
  const kind = await outputKind(disk, path);
  if (kind === 'other') {
    // A device or a pipe is written to; renaming a file over /dev/null would be a bad surprise.
    const file = await disk.open(path, { mode: 'write' });
    try {
      await file.write(bytes, 0);
    } finally {
      await file.close();
    }
    return;
  }
  const { directory, name, temporaryName } = await replacementOf(disk, path, kind);
  if (isPrivate) await createPrivate(`${directory}/${temporaryName}`);
  await writeFileDurably(disk, directory, name, bytes, { temporaryName });
}

async function writeStream(disk: Disk, path: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  if (path === '-') {
    for await (const piece of pieces) if (!process.stdout.write(piece)) await once(process.stdout, 'drain');
    return;
  }
  const kind = await outputKind(disk, path);
  if (kind === 'other') {
    await writePieces(disk, path, pieces);
    return;
  }
  const { directory, name, temporaryName } = await replacementOf(disk, path, kind);
  const temporary = `${directory}/${temporaryName}`;
  try {
    await writePieces(disk, temporary, pieces);
    await disk.rename(temporary, `${directory}/${name}`);
  } catch (error) {
    // What went wrong first is what the user must hear.
    await disk.removeFile(temporary).catch(() => undefined);
    throw error;
  }
  await disk.syncDirectory(directory);
}

async function writePieces(disk: Disk, path: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const isFile = (await kindOf(disk, path)) !== 'other';
  const file = await disk.open(path, { mode: isFile ? 'create' : 'write' });
  try {
    if (isFile) await file.truncate(0);
    let position = 0;
    for await (const piece of pieces) {
      await file.write(piece, position);
      position += piece.byteLength;
    }
    if (isFile) await file.datasync();
  } finally {
    await file.close();
  }
}

async function outputKind(disk: Disk, path: string): Promise<Exclude<FileStat['kind'], 'directory'> | 'absent'> {
  if (path === '') throw new CairnError('INVALID_ARGUMENT', 'the output has an empty name; name a file');
  const kind = await kindOf(disk, path);
  if (kind === 'directory') throw new CairnError('INVALID_ARGUMENT', `${path} is a directory; name a file`);
  return kind;
}

async function replacementOf(disk: Disk, path: string, kind: 'file' | 'absent') {
  // A link stays a link: what it points at is replaced.
  const target = kind === 'absent' ? path : await realpath(path);
  const name = posix.basename(target);
  // Beside files that are not ours: `crushmap.new` may be the user's, and another command may write the same output.
  const temporaryName = `${name}.${process.pid}.new`;
  const directory = posix.dirname(target);
  // Else the error would be about the temporary file, whose name says nothing to whoever asked.
  if ((await kindOf(disk, directory)) !== 'directory') {
    throw new CairnError(
      'NOT_FOUND',
      `${path} cannot be written: there is no directory ${directory}; make it, or name another file`,
    );
  }
  return { directory, name, temporaryName };
}

/** An empty file that keeps its mode when it is written and renamed: the bytes are never readable by others. */
async function createPrivate(path: string): Promise<void> {
  try {
    await (await open(path, 'wx', 0o600)).close();
  } catch (error) {
    throw fromErrno(error, `${path}: cannot be written`, 'IO_ERROR');
  }
}

async function kindOf(disk: Disk, path: string): Promise<FileStat['kind'] | 'absent'> {
  try {
    return (await disk.stat(path)).kind;
  } catch (error) {
    if (isCairnError(error, 'NOT_FOUND')) return 'absent';
    throw error;
  }
}
