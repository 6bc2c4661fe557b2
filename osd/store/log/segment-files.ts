/** The segment files of a store: handles for reading, kept while they are used, and those that the log's end is written to. */
import { CairnError, isCairnError } from '../../../base/errors.js';
import { equalBytes } from '../../../base/bytes.js';
import { invariant } from '../../../base/invariant.js';
import type { DiskFile } from '../../../runtime/disk.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { decodeSegmentHeader, encodeSegmentHeader, type SegmentHeader } from '../format/segment-header.js';
import { showUuid, type Superblock } from '../format/superblock.js';
import { pageBytes } from '../limits.js';

export const segmentsDirectory = 'segments';

/** Handles of files that are not being read. */
const idleHandlesMax = 256;

interface ReadHandle {
  readonly opening: Promise<DiskFile>;
  readers: number;
}

export class SegmentFiles {
  readonly #runtime: Runtime;
  readonly #directory: string;
  readonly #superblock: Superblock;
  /** Least recently used first. */
  readonly #reading = new Map<number, ReadHandle>();
  readonly #writing = new Map<number, Promise<DiskFile>>();
  #lastWritten: { readonly segment: number; readonly file: DiskFile } | undefined;
  readonly #finished: { readonly segment: number; readonly opening: Promise<DiskFile> }[] = [];
  /** Readers of each segment: it is not recycled under them. */
  readonly #pins = new Map<number, number>();
  #isClosed = false;

  constructor(runtime: Runtime, directory: string, superblock: Superblock) {
    this.#runtime = runtime;
    this.#directory = `${directory}/${segmentsDirectory}`;
    this.#superblock = superblock;
  }

  path(segment: number): string {
    return `${this.#directory}/${segmentFileName(segment)}`;
  }

  /** Keeps the segment from being recycled until `unpin`. */
  pin(segment: number): void {
    this.#pins.set(segment, (this.#pins.get(segment) ?? 0) + 1);
  }

  unpin(segment: number): void {
    const pins = (this.#pins.get(segment) ?? 0) - 1;
    invariant(pins >= 0, 'a segment is unpinned as often as it was pinned', { segment });
    if (pins === 0) this.#pins.delete(segment);
    else this.#pins.set(segment, pins);
  }

  isPinned(segment: number): boolean {
    return this.#pins.has(segment);
  }

  /** Lends a handle for as long as `use` takes. */
  async read<T>(segment: number, use: (file: DiskFile) => Promise<T>): Promise<T> {
    this.#checkOpen();
    const handle = this.#readHandle(segment);
    handle.readers += 1;
    try {
      return await use(await handle.opening);
    } finally {
      handle.readers -= 1;
    }
  }

  /** Each write is durable when it resolves. */
  async forWriting(segment: number): Promise<DiskFile> {
    this.#checkOpen();
    let opening = this.#writing.get(segment);
    if (opening === undefined) {
      opening = this.#runtime.disk.open(this.path(segment), { mode: 'write', durableWrites: true });
      this.#writing.set(segment, opening);
    }
    const file = await opening;
    if (this.#writing.get(segment) === opening) this.#lastWritten = { segment, file };
    return file;
  }

  /** As `forWriting` without a wait, of the file that it gave last. */
  openForWriting(segment: number): DiskFile | undefined {
    return this.#lastWritten?.segment === segment && !this.#isClosed ? this.#lastWritten.file : undefined;
  }

  /** No batch goes to the segment any more. Its handle is closed behind what is under way. */
  finishWriting(segment: number): void {
    const opening = this.#writing.get(segment);
    if (opening !== undefined) this.#finished.push({ segment, opening });
  }

  /** Closes the handles of finished segments, but for those that `isNeeded`: a batch still goes there. */
  closeFinished(isNeeded: (segment: number) => boolean): void {
    if (this.#finished.length === 0) return;
    const finished = this.#finished.splice(0);
    for (const entry of finished) {
      if (isNeeded(entry.segment)) {
        this.#finished.push(entry);
        continue;
      }
      if (this.#writing.get(entry.segment) === entry.opening) {
        this.#writing.delete(entry.segment);
        if (this.#lastWritten?.segment === entry.segment) this.#lastWritten = undefined;
      }
      this.#closeLater(entry.segment, entry.opening);
    }
  }

  /** The header of a segment file. `undefined` where no file, or no valid header, is. */
  async readHeader(segment: number): Promise<SegmentHeader | undefined> {
    const page = new Uint8Array(pageBytes);
    let count: number;
    try {
      count = await this.read(segment, (file) => file.read(page, 0));
    } catch (error) {
      if (isCairnError(error, 'NOT_FOUND')) return undefined;
      throw error;
    }
    const header = decodeSegmentHeader(page.subarray(0, count));
    if (header === undefined) return undefined;
    if (!equalBytes(header.uuid, this.#superblock.uuid)) throw this.#foreign(segment, header);
    return header.segment === segment ? header : undefined;
  }

  /**
   * Gives a segment its next life: a durable header with a generation above `generation` and above what stands there.
   * `isWhole` pre-writes a new file, so that batches overwrite instead of append (docs/NODE-LIMITS.md 5).
   */
  async prepare(segment: number, generation: number, preparedAfter: number, isWhole: boolean): Promise<number> {
    const old = await this.readHeader(segment);
    const next = Math.max(generation, old?.generation ?? 0) + 1;
    const file = await this.#runtime.disk.open(this.path(segment), { mode: 'create', durableWrites: true });
    try {
      if (isWhole) await this.#preallocate(file, old === undefined);
      const { uuid, segmentBytes } = this.#superblock;
      await file.write(encodeSegmentHeader({ uuid, segment, generation: next, segmentBytes, preparedAfter }), 0);
    } finally {
      await file.close();
    }
    // Whether or not the file is new: an earlier life may have ended before its name was durable.
    await this.#runtime.disk.syncDirectory(this.#directory);
    return next;
  }

  async #preallocate(file: DiskFile, isNew: boolean): Promise<void> {
    try {
      await file.preallocate(this.#superblock.segmentBytes);
    } catch (error) {
      // What there was room for goes back at once: the index needs it.
      if (isNew && isCairnError(error, 'NO_SPACE')) await this.#runtime.disk.removeFile(file.path);
      throw error;
    }
  }

  /**
   * Gives the file of a segment that is free back to the file system; durable when it resolves. False while somebody has it
   * in use. A handle that stayed open would keep its room, and be read in place of a later file of that name.
   */
  async remove(segment: number): Promise<boolean> {
    const handle = this.#reading.get(segment);
    if (this.isPinned(segment) || this.#writing.has(segment) || (handle?.readers ?? 0) > 0) return false;
    this.#reading.delete(segment);
    const file = await handle?.opening.catch(() => undefined);
    await file?.close();
    try {
      await this.#runtime.disk.removeFile(this.path(segment));
    } catch (error) {
      if (!isCairnError(error, 'NOT_FOUND')) throw error;
    }
    await this.#runtime.disk.syncDirectory(this.#directory);
    return true;
  }

  /** Numbers of the segments that have a file, ascending. */
  async list(): Promise<number[]> {
    const names = await this.#runtime.disk.list(this.#directory);
    return names.flatMap((name) => {
      const segment = segmentOfFileName(name);
      return segment === undefined ? [] : [segment];
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const handles = [...Array.from(this.#reading.values(), ({ opening }) => opening), ...this.#writing.values()];
    this.#reading.clear();
    this.#writing.clear();
    for (const opening of handles) {
      const file = await opening.catch(() => undefined);
      await file?.close();
    }
  }

  /** A handle opened later would be nobody's to close. */
  #checkOpen(): void {
    if (this.#isClosed) throw new CairnError('CLOSED', `the store in ${this.#directory} is closed`);
  }

  #readHandle(segment: number): ReadHandle {
    const present = this.#reading.get(segment);
    if (present !== undefined) {
      this.#reading.delete(segment);
      this.#reading.set(segment, present);
      return present;
    }
    const handle = { opening: this.#runtime.disk.open(this.path(segment), { mode: 'read' }), readers: 0 };
    handle.opening.catch(() => {
      if (this.#reading.get(segment) === handle) this.#reading.delete(segment);
    });
    this.#reading.set(segment, handle);
    this.#closeIdle();
    return handle;
  }

  #closeIdle(): void {
    let surplus = this.#reading.size - idleHandlesMax;
    for (const [segment, handle] of this.#reading) {
      if (surplus <= 0) return;
      if (handle.readers > 0) continue;
      this.#reading.delete(segment);
      surplus -= 1;
      this.#closeLater(segment, handle.opening);
    }
  }

  #closeLater(segment: number, opening: Promise<DiskFile>): void {
    opening
      .then((file) => file.close())
      .catch((error: unknown) => {
        this.#runtime.log.warn({ segment, error: String(error) }, 'a segment file could not be closed');
      });
  }

  #foreign(segment: number, header: SegmentHeader): CairnError {
    const [found, own] = [showUuid(header.uuid), showUuid(this.#superblock.uuid)];
    const message = `${this.path(segment)} belongs to store ${found}, not to ${own}: a disk is in the wrong place`;
    return new CairnError('CONFLICT', `${message}; check the mounts of this OSD`);
  }
}

/** `0000001f.seg`. */
export function segmentFileName(segment: number): string {
  return `${segment.toString(16).padStart(8, '0')}.seg`;
}

function segmentOfFileName(name: string): number | undefined {
  const match = /^([0-9a-f]{8})\.seg$/.exec(name);
  return match?.[1] === undefined ? undefined : Number.parseInt(match[1], 16);
}
