/** The outside oracle: Ceph's own `crushtool`, where it is installed. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Tests that need it are not defined without it. */
export const hasCrushtool = spawnSync('crushtool', ['--help'], { stdio: 'ignore' }).status === 0;

export interface CrushtoolResult {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

export function crushtool(...args: string[]): CrushtoolResult {
  const { status, stdout, stderr } = spawnSync('crushtool', args, { encoding: 'utf8', maxBuffer: 64 << 20 });
  return { ok: status === 0, stdout, stderr };
}

/** A folder of its own for `body`, gone afterwards. */
export async function withFolder<T>(body: (path: (name: string) => string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-crush-'));
  try {
    return await body((name) => join(folder, name));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The binary that crushtool makes of a text, or undefined if it refuses. */
export function crushtoolCompile(text: string, path: (name: string) => string): Buffer | undefined {
  writeFileSync(path('in.txt'), text);
  return crushtool('-c', path('in.txt'), '-o', path('out.bin')).ok ? readFileSync(path('out.bin')) : undefined;
}

export function crushtoolDecompile(binary: Uint8Array, path: (name: string) => string): string {
  writeFileSync(path('in.bin'), binary);
  return crushtool('-d', path('in.bin')).stdout;
}
