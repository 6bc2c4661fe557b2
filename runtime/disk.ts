/**
 * Files and directories. What is durable, and when:
 *   - bytes of a file: once a later `datasync` of that file resolved, or the write itself with `durableWrites`;
 *   - a file's or directory's name (create, rename, remove): once a later `syncDirectory` of its parent resolved.
 * A crash of the machine may lose, tear (at any sector) or reorder everything else. After a failed `datasync` nothing
 * written since the last good one may be trusted, even if a later `datasync` succeeds: stop instead of retrying.
 *
 * Errors are `CairnError`s that name the path: `NOT_FOUND`, `EXISTS`, `NO_SPACE`, `PERMISSION_DENIED`, `IO_ERROR`,
 * `INVALID_ARGUMENT` (a directory where a file is wanted or the other way round; a write to a file opened for reading),
 * `CLOSED` (a file after its `close`). Positions and sizes are safe integers, asserted.
 */

/** Unit of atomicity that the simulator tears at; real disks promise no more. */
export const sectorBytes = 512;

export type OpenMode =
  /** The file must exist; writes are refused. */
  | 'read'
  /** The file must exist. */
  | 'write'
  /** Made if missing, else opened as it is. */
  | 'create'
  /** Must not exist (`EXISTS`). */
  | 'create-new';

export interface OpenOptions {
  readonly mode: OpenMode;
  /** Each write is durable when it resolves (`O_DSYNC`): one trip to the thread pool instead of two. */
  readonly durableWrites?: boolean;
}

export interface DiskFile {
  readonly path: string;
  /** Fills `target` from `position`; returns the bytes read, fewer only at the end of the file. `target` is lent. */
  read(target: Uint8Array, position: number): Promise<number>;
  /**
   * `read` into the targets one after the other, in one call to the system; returns the bytes read into all of them
   * together, fewer than they hold only at the end of the file. The targets are lent.
   */
  readv(targets: readonly Uint8Array[], position: number): Promise<number>;
  /** Writes all of `bytes` or rejects; a rejected write may have written any part of them. `bytes` is lent. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** `write` of the chunks one after the other, in one call to the system. */
  writev(chunks: readonly Uint8Array[], position: number): Promise<void>;
  /**
   * Once it failed, this and every later write, sync or truncation of this `DiskFile` is an `IO_ERROR`, and so are the
   * syncs under way beside it. With `durableWrites` a write counts as such a sync when it fails with `IO_ERROR`.
   */
  datasync(): Promise<void>;
  /**
   * Makes the file at least `bytes` long with real zero bytes where it was shorter and makes that durable, so that
   * later overwrites neither fail for want of space nor change metadata (docs/NODE-LIMITS.md 4). The zeros go to where
   * the file ended when it was called, piece by piece: write nothing beyond that end until it settles. Cut short (by an
   * error, a kill, a crash), it leaves the file at any length up to `bytes`. Its sync fails as `datasync` does.
   */
  preallocate(bytes: number): Promise<void>;
  truncate(bytes: number): Promise<void>;
  size(): Promise<number>;
  /** Waits for the operations in progress. Idempotent. */
  close(): Promise<void>;
}

export interface FileStat {
  readonly kind: 'file' | 'directory' | 'other';
  readonly bytes: number;
}

/** Of the file system that holds a path. `freeBytes` is what this process may still use. */
export interface SpaceStat {
  readonly totalBytes: number;
  readonly freeBytes: number;
}

export interface Disk {
  open(path: string, options: OpenOptions): Promise<DiskFile>;
  /** `NOT_FOUND` when nothing is there. */
  stat(path: string): Promise<FileStat>;
  /** Makes the directory and missing parents; fine if it exists. */
  makeDirectory(path: string): Promise<void>;
  /** Names in byte order. */
  list(path: string): Promise<string[]>;
  /** Replaces `to` if it exists, atomically. */
  rename(from: string, to: string): Promise<void>;
  removeFile(path: string): Promise<void>;
  /** The directory with everything in it; fine if it does not exist. */
  removeTree(path: string): Promise<void>;
  /** Makes earlier creates, renames and removes in this directory durable. */
  syncDirectory(path: string): Promise<void>;
  space(path: string): Promise<SpaceStat>;
}
