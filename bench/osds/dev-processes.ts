/** A cluster of real processes by `cairn dev`: one monitor and some OSDs, with what each has used of the processor. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { decodeClusterConf } from '../../cli/cluster-conf.js';
import type { Credentials } from '../../protocol/credentials.js';
import { isAliveWith } from '../../runtime/node/left-over.js';
import { cpuTimes } from '../proc-stat.js';
import type { AtEnd } from '../run-to-end.js';

const cairn = fileURLToPath(new URL('../../../bin/cairn', import.meta.url));
/** For all daemons to close in good order; then they are killed. */
const stopMs = 30_000;

export interface DaemonUsage {
  readonly name: string;
  readonly cpuMicroseconds: number;
  /** `write` calls that reached the kernel (`syscw`): of an OSD nearly all are its log's. */
  readonly writeCalls: number;
  readonly writtenBytes: number;
}

export class DevProcesses {
  readonly credentials: Credentials;
  readonly #pids: ReadonlyMap<string, number>;

  private constructor(directory: string) {
    const path = `${directory}/cluster.yaml`;
    this.credentials = decodeClusterConf(readFileSync(path), path);
    this.#pids = pidsIn(directory);
  }

  /** Ready when it resolves. */
  static async start(
    directory: string,
    { osds, size }: { readonly osds: number; readonly size: number },
    atEnd: AtEnd,
  ): Promise<DevProcesses> {
    const args = ['dev', '--dir', directory, '--mons', '1', '--osds', String(osds), '--hosts', String(osds)];
    const child = spawn(process.execPath, [cairn, ...args, '--size', String(size), '--osd-size', '4GiB'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      // A group of its own: Ctrl-C reaches the benchmark alone, which stops it in good order. A second signal would end it before its daemons.
      detached: true,
    });
    process.once('exit', () => child.kill('SIGTERM'));
    const exited = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
    });
    atEnd(() => stop(child, exited, directory));
    await new Promise<void>((resolve, reject) => {
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (/^ready /m.test(said)) resolve();
      });
      child.once('exit', (code) => reject(new Error(`cairn dev ended with ${code ?? 'a signal'}`)));
    });
    return new DevProcesses(directory);
  }

  usage(): DaemonUsage[] {
    return [...this.#pids].map(([name, pid]) => usageOf(name, pid));
  }
}

/** `cairn dev` stops its daemons, in good order. */
async function stop(child: ChildProcess, exited: Promise<void>, directory: string): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => {
    child.kill('SIGKILL');
    for (const [name, pid] of pidsIn(directory)) {
      if (isAliveWith(pid, `${directory}/conf/${name}.yaml`)) process.kill(pid, 'SIGKILL');
    }
  }, stopMs);
  await exited;
  clearTimeout(timer);
}

/** By the daemons' names, from the files that they keep as long as they run. */
function pidsIn(directory: string): Map<string, number> {
  const files = readdirSync(`${directory}/run`).filter((file) => /^(mon|osd)\..*\.pid$/.test(file));
  return new Map(
    files.map((file) => [
      file.slice(0, -'.pid'.length),
      Number.parseInt(readFileSync(`${directory}/run/${file}`, 'utf8'), 10),
    ]),
  );
}

/** Of a process, all its threads. */
export function usageOf(name: string, pid: number): DaemonUsage {
  const io = readFileSync(`/proc/${pid}/io`, 'utf8');
  const counter = (which: string): number => Number(new RegExp(`^${which}: (\\d+)$`, 'm').exec(io)?.[1] ?? NaN);
  return { name, cpuMicroseconds: cpuTimes(pid).own, writeCalls: counter('syscw'), writtenBytes: counter('wchar') };
}
