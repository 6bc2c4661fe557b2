import { CairnError } from '../base/errors.js';
import type { Disk } from './disk.js';

/** All bytes of a file. `INVALID_ARGUMENT` when it is larger than `bytesMax`, before anything is allocated. */
export async function readWholeFile(disk: Disk, path: string, bytesMax: number): Promise<Uint8Array> {
  const file = await disk.open(path, { mode: 'read' });
  try {
    const bytes = await file.size();
    if (bytes > bytesMax) {
      throw new CairnError('INVALID_ARGUMENT', `${path} has ${bytes} bytes; at most ${bytesMax} are expected there`);
    }
    const content = new Uint8Array(bytes);
    const count = await file.read(content, 0);
    return count === bytes ? content : content.subarray(0, count);
  } finally {
    await file.close();
  }
}

export interface WriteFileOptions {
  /**
   * The name, in the same directory, that the bytes get first. Default `NAME.new`, for directories that are the daemon's
   * own; elsewhere choose one that nobody else has.
   */
  readonly temporaryName?: string;
}

/**
 * Replaces `directory/name` by `bytes`, durably: after a crash at any moment the file has its old content or its new
 * one, whole. When it fails, nothing is left behind. Two writers of one name need their own exclusion, or temporary
 * names of their own: then the last one wins.
 */
export async function writeFileDurably(
  disk: Disk,
  directory: string,
  name: string,
  bytes: Uint8Array,
  options: WriteFileOptions = {},
): Promise<void> {
  const temporary = `${directory}/${options.temporaryName ?? `${name}.new`}`;
  const file = await disk.open(temporary, { mode: 'create' });
  try {
    try {
      await file.truncate(0);
      await file.write(bytes, 0);
      await file.datasync();
    } finally {
      await file.close();
    }
    await disk.rename(temporary, `${directory}/${name}`);
  } catch (error) {
    // Best effort: what went wrong first is what the caller must hear.
    await disk.removeFile(temporary).catch(() => undefined);
    throw error;
  }
  await disk.syncDirectory(directory);
}
