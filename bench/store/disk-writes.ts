/**
 * What this process has had written, by Linux. Not `write_bytes`: where the page cache holds files in large folios (ext4 since
 * Linux 6.16), that counts 2 MiB for a page that is written into one. `wchar` is what was passed to the kernel; the log is written
 * in whole pages with `O_DSYNC`, and LevelDB syncs what it writes, so all of it reaches the disk, and once.
 */
import { readFileSync, statSync } from 'node:fs';

export interface Written {
  readonly bytes: number;
  /** By the whole device, so by all processes, with the file system's journal; NaN where there is none. */
  readonly deviceBytes: number;
}

const stillMs = 2_000;
const waitMsMax = 120_000;
const sectorBytes = 512;

/** Waits until nothing was written for two seconds: checkpoints and LevelDB's compaction are at rest. */
export async function untilStill(directory: string): Promise<Written> {
  const end = performance.now() + waitMsMax;
  let before = writtenBytes();
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, stillMs));
    const bytes = writtenBytes();
    if (bytes === before || performance.now() > end) return { bytes, deviceBytes: deviceBytes(directory) };
    before = bytes;
  }
}

function writtenBytes(): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'latin1'))?.[1] ?? NaN);
}

function deviceBytes(directory: string): number {
  // As glibc takes a dev_t apart, for the numbers that there are.
  const { dev } = statSync(directory);
  const [major, minor] = [(dev >>> 8) & 0xfff, (dev & 0xff) | ((dev >>> 12) & 0xfff00)];
  try {
    const fields = readFileSync(`/sys/dev/block/${major}:${minor}/stat`, 'latin1').trim().split(/\s+/);
    return Number(fields[6]) * sectorBytes;
  } catch {
    return NaN;
  }
}
