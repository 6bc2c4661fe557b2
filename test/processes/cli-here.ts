/** A command line on the files and the network of this machine, in this process: what `bin/cairn` does, less its start. */
import type { CliContext } from '../../cli/context.js';
import { processContext } from '../../cli/main.js';
import { runCli } from '../../cli/program.js';

export interface CliOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const decoder = new TextDecoder();

/** Of the environment and the terminal nothing shows. */
export async function cliHere(args: readonly string[], signal = new AbortController().signal): Promise<CliOutcome> {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const code = await runCli(args, contextOf(stdout, stderr, signal));
  return { code, stdout: stdout.join(''), stderr: stderr.join('') };
}

/** For whoever only looks at the commands that there are. */
export function contextOf(stdout: string[] = [], stderr: string[] = [], interrupted?: AbortSignal): CliContext {
  const base = processContext();
  return {
    print: (text) => void stdout.push(text),
    note: (text) => void stderr.push(text),
    readFile: (path, bytesMax) => base.readFile(path, bytesMax),
    writeFile: async (path, bytes, options) => {
      if (path === '-') stdout.push(decoder.decode(bytes));
      else await base.writeFile(path, bytes, options);
    },
    isTerminal: false,
    isNoteTerminal: false,
    env: {},
    absolute: (path) => base.absolute(path),
    script: base.script,
    hostname: base.hostname,
    openInput: (path) => base.openInput(path),
    writeStream: (path, pieces) => base.writeStream(path, pieces),
    connect: (choice) => base.connect(choice),
    connectObjects: (choice, wait) => base.connectObjects(choice, wait),
    interrupted: interrupted ?? new AbortController().signal,
    deadlineIn: (ms) => base.deadlineIn(ms),
    runtime: (daemon) => base.runtime(daemon),
  };
}
