/** The disk itself, by `fio`: synchronous writes to a file that was written before, each with a data sync. */
import { execFileSync } from 'node:child_process';

export interface FioResult {
  readonly blockBytes: number;
  readonly perSecond: number;
  readonly mebibytesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface FioOutput {
  readonly jobs: readonly {
    readonly write: {
      readonly iops: number;
      readonly bw_bytes: number;
      readonly clat_ns: { readonly percentile: Readonly<Record<string, number>> };
    };
  }[];
}

const fileBytes = 512 * 1024 * 1024;

export class Fio {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** `undefined` when there is no `fio` on the PATH. */
  static prepare(directory: string): Fio | undefined {
    try {
      execFileSync('fio', ['--version'], { stdio: 'ignore' });
    } catch {
      return undefined;
    }
    const path = `${directory}/fio`;
    const all = ['--name=prepare', `--filename=${path}`, `--size=${fileBytes}`, '--rw=write', '--bs=4m'];
    execFileSync('fio', [...all, '--ioengine=psync', '--end_fsync=1'], { stdio: 'ignore' });
    return new Fio(path);
  }

  /** As the store does it: one write at a time, of data that the file system knows already, `O_DSYNC`. */
  write(blockBytes: number, ms: number): FioResult {
    const args = ['--name=write', `--filename=${this.#path}`, `--size=${fileBytes}`, '--overwrite=1', '--rw=write'];
    const pattern = [`--bs=${blockBytes}`, '--ioengine=psync', '--sync=dsync', '--time_based', `--runtime=${ms}ms`];
    const text = execFileSync('fio', [...args, ...pattern, '--output-format=json'], { encoding: 'utf8' });
    const output = JSON.parse(text) as FioOutput;
    const write = output.jobs[0]?.write;
    if (write === undefined) throw new Error('fio said nothing of its writes');
    const { percentile } = write.clat_ns;
    return {
      blockBytes,
      perSecond: write.iops,
      mebibytesPerSecond: write.bw_bytes / 2 ** 20,
      p50Ms: (percentile['50.000000'] ?? NaN) / 1e6,
      p99Ms: (percentile['99.000000'] ?? NaN) / 1e6,
    };
  }
}
