/** A cluster of real processes by `cairn dev`: one monitor and some OSDs, with what each has used of the processor. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { decodeClusterConf } from '../../cli/cluster-conf.js';
import type { Credentials } from '../../protocol/credentials.js';

const cairn = fileURLToPath(new URL('../../../bin/cairn', import.meta.url));
/** Of the kernel's clock: `sysconf(_SC_CLK_TCK)` is 100 on Linux. */
const microsecondsPerTick = 10_000;

export interface DaemonUsage {
  readonly name: string;
  readonly cpuMicroseconds: number;
  /** `write` calls that reached the kernel (`syscw`): of an OSD nearly all are its log's. */
  readonly writeCalls: number;
  readonly writtenBytes: number;
}

export class DevProcesses {
  readonly credentials: Credentials;
  readonly #child: ChildProcess;
  readonly #pids: ReadonlyMap<string, number>;

  private constructor(child: ChildProcess, directory: string) {
    this.#child = child;
    const path = `${directory}/cluster.yaml`;
    this.credentials = decodeClusterConf(readFileSync(path), path);
    const pids = readdirSync(`${directory}/run`).filter((file) => /^(mon|osd)\./.test(file) && file.endsWith('.pid'));
    this.#pids = new Map(
      pids.map((file) => [
        file.slice(0, -'.pid'.length),
        Number.parseInt(readFileSync(`${directory}/run/${file}`, 'utf8'), 10),
      ]),
    );
  }

  /** Ready when it resolves. */
  static async start(
    directory: string,
    { osds, size }: { readonly osds: number; readonly size: number },
  ): Promise<DevProcesses> {
    const args = ['dev', '--dir', directory, '--mons', '1', '--osds', String(osds), '--hosts', String(osds)];
    const child = spawn(process.execPath, [cairn, ...args, '--size', String(size), '--osd-size', '4GiB'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise<void>((resolve, reject) => {
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (/^ready /m.test(said)) resolve();
      });
      child.once('exit', (code) => reject(new Error(`cairn dev ended with ${code ?? 'a signal'}`)));
    });
    return new DevProcesses(child, directory);
  }

  usage(): DaemonUsage[] {
    return [...this.#pids].map(([name, pid]) => usageOf(name, pid));
  }

  async stop(): Promise<void> {
    const exited = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await exited;
  }
}

/** Of a process, all its threads. */
export function usageOf(name: string, pid: number): DaemonUsage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the program, in parentheses, may have spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const io = readFileSync(`/proc/${pid}/io`, 'utf8');
  const counter = (which: string): number => Number(new RegExp(`^${which}: (\\d+)$`, 'm').exec(io)?.[1] ?? NaN);
  const ticks = Number(fields[11]) + Number(fields[12]);
  const cpuMicroseconds = ticks * microsecondsPerTick;
  return { name, cpuMicroseconds, writeCalls: counter('syscw'), writtenBytes: counter('wchar') };
}
