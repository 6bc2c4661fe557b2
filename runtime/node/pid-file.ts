import { readFileSync, unlinkSync } from 'node:fs';
import { utf8Bytes } from '../../base/bytes.js';
import type { Disk } from '../disk.js';
import { writeFileDurably } from '../whole-file.js';

export interface PidFile {
  readonly path: string;
  /** Removes the file if it is still this process's. Idempotent; never throws. */
  remove(): void;
}

/**
 * Writes this process's id to `directory/name`, durably and whole, and removes it when the process exits. A `kill -9`
 * leaves it: readers check that the process lives. An older file is replaced: what excludes a second daemon is the lock on
 * its store.
 */
export async function writePidFile(disk: Disk, directory: string, name: string): Promise<PidFile> {
  const path = `${directory}/${name}`;
  const content = `${process.pid}\n`;
  const temporaryName = `${name}.${process.pid}.new`;
  await writeFileDurably(disk, directory, name, utf8Bytes(content), { temporaryName });
  // Synchronous, since nothing else runs while a process exits.
  const remove = (): void => {
    process.off('exit', remove);
    try {
      // Another process may have replaced it meanwhile.
      if (readFileSync(path, 'utf8') === content) unlinkSync(path);
    } catch {
      // Gone, or not ours to remove: a stale file is what readers expect anyway.
    }
  };
  process.on('exit', remove);
  return { path, remove };
}
