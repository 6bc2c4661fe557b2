/** An open file of a simulated process. */
import { CairnError } from '../../base/errors.js';
import { totalBytes } from '../../base/bytes.js';
import { invariant, InvariantError } from '../../base/invariant.js';
import type { DiskFile, OpenOptions } from '../disk.js';
import { LentBuffers, poison } from './lent.js';
import type { FileNode } from './name-space.js';
import type { Resource, SimProcess } from './process.js';
import type { SimVolume } from './volume.js';

export class SimFile implements DiskFile, Resource {
  readonly path: string;
  readonly #process: SimProcess;
  readonly #volume: SimVolume;
  readonly #node: FileNode;
  readonly #volumePath: string;
  readonly #options: OpenOptions;
  #closing: Promise<void> | undefined;
  /** When the last operation begun completes: `close` waits for it. */
  #busyUntil = 0;
  /** A failed sync: nothing written since the last good one may be trusted, whatever the kernel says later. */
  #failedSync: CairnError | undefined;

  constructor(
    process: SimProcess,
    volume: SimVolume,
    node: FileNode,
    path: string,
    onVolume: string,
    options: OpenOptions,
  ) {
    this.path = path;
    this.#process = process;
    this.#volume = volume;
    this.#node = node;
    this.#volumePath = onVolume;
    this.#options = options;
    node.openCount += 1;
    process.resources.add(this);
  }

  read(target: Uint8Array, position: number): Promise<number> {
    return this.readv([target], position);
  }

  readv(targets: readonly Uint8Array[], position: number): Promise<number> {
    checkPosition(position, totalBytes(targets));
    // The list itself is the caller's.
    return this.#read([...targets], position);
  }

  write(bytes: Uint8Array, position: number): Promise<void> {
    return this.writev([bytes], position);
  }

  writev(chunks: readonly Uint8Array[], position: number): Promise<void> {
    checkPosition(position, totalBytes(chunks));
    return this.#write(chunks, position);
  }

  async datasync(): Promise<void> {
    this.#checkWritable();
    const { content } = this.#node;
    const sync = this.#process.isAlive ? content.beginSync() : 0;
    await this.#operation('disk.datasync', this.#volume.syncDelay(0), () => {
      if (this.#volume.faults.syncFails()) {
        content.failSync(sync);
        throw this.#failSync();
      }
      // One of several syncs under way failed: this one promises no more than the rest.
      this.#checkTrusted();
      content.completeSync(sync);
      this.#maybeRot();
      this.#note('disk.synced', content.size, 0);
    });
  }

  preallocate(bytes: number): Promise<void> {
    checkPosition(bytes, 0);
    return this.#preallocate(bytes);
  }

  truncate(bytes: number): Promise<void> {
    checkPosition(bytes, 0);
    return this.#truncate(bytes);
  }

  async size(): Promise<number> {
    this.#checkOpen();
    return await this.#operation('disk.size', this.#volume.nameDelay(), () => this.#node.content.size);
  }

  close(): Promise<void> {
    const { now } = this.#process.scheduler;
    const delay = Math.max(0, this.#busyUntil - now) + this.#volume.nameDelay();
    this.#closing ??= this.#operation('disk.close', delay, () => this.onProcessDeath());
    return this.#closing;
  }

  onProcessDeath(): void {
    this.#process.resources.delete(this);
    this.#node.openCount -= 1;
    this.#volume.recount(this.#node);
  }

  async #read(targets: readonly Uint8Array[], position: number): Promise<number> {
    this.#checkOpen();
    const bytes = totalBytes(targets);
    // Whoever looks before the promise settles sees nonsense.
    eachAt(targets, position, (target, at) => {
      poison(target.subarray(0, Math.max(0, this.#node.content.size - at)));
    });
    return await this.#operation('disk.read', this.#volume.readDelay(bytes), () => {
      if (this.#volume.faults.readFails(this.#volumePath, position, bytes)) throw this.#ioError('read');
      let count = 0;
      eachAt(targets, position, (target, at) => {
        count += this.#node.content.read(target, at);
      });
      this.#note('disk.read', position, count);
      return count;
    });
  }

  async #write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    this.#checkWritable();
    const isDurable = this.#options.durableWrites === true;
    const bytes = totalBytes(chunks);
    const lent = new LentBuffers(`write to ${this.path}`, chunks);
    // The kernel may get to it now or only just before it answers; a crash or a kill in between tells them apart.
    const isEarly = this.#volume.prng.chance(0.5);
    let failure = isEarly && this.#process.isAlive ? this.#apply(chunks, bytes, position) : undefined;
    const delay = isDurable ? this.#volume.syncDelay(bytes) : this.#volume.writeDelay(bytes);
    await this.#operation('disk.write', delay, () => {
      this.#stopIf(lent.check());
      if (!isEarly) failure = this.#apply(chunks, bytes, position);
      this.#note('disk.write', position, bytes);
      if (failure !== undefined) throw failure;
      if (isDurable) this.#makeDurable(position, bytes);
    });
  }

  async #preallocate(bytes: number): Promise<void> {
    this.#checkWritable();
    const { content } = this.#node;
    const from = content.size;
    const added = Math.max(0, bytes - from);
    // Zeros are written piece by piece: a kill, a crash or a failure finds some of them, and a file of some length.
    let reached = from;
    if (added > 0 && this.#process.isAlive) reached = this.#growTo(from + this.#volume.prng.below(added + 1));
    await this.#operation('disk.preallocate', this.#volume.syncDelay(added), () => {
      if (added > 0 && content.size !== reached) {
        this.#stopIf(new InvariantError('a file that is preallocated keeps its size meanwhile', { path: this.path }));
      }
      if (this.#volume.faults.writeFails()) throw this.#ioError('preallocate');
      if (added > 0 && this.#growTo(bytes) < bytes) throw noSpace(this.path);
      if (added > 0) this.#makeDurable(from, added);
      this.#note('disk.preallocate', bytes, added);
    });
  }

  /** As far as the disk has room; returns the size. */
  #growTo(bytes: number): number {
    const { content } = this.#node;
    const room = content.allocatedBytes + this.#volume.freeBytes;
    content.truncate(Math.max(content.size, Math.min(bytes, room)));
    this.#volume.recount(this.#node);
    return content.size;
  }

  async #truncate(bytes: number): Promise<void> {
    this.#checkWritable();
    await this.#operation('disk.truncate', this.#volume.writeDelay(0), () => {
      if (this.#volume.faults.writeFails()) throw this.#ioError('truncate');
      this.#node.content.truncate(bytes);
      this.#volume.recount(this.#node);
      this.#note('disk.truncate', bytes, 0);
    });
  }

  #operation<T>(kind: string, delay: number, finish: () => T): Promise<T> {
    this.#busyUntil = Math.max(this.#busyUntil, this.#process.scheduler.now + delay);
    return this.#process.io(kind, delay, finish);
  }

  /** Puts the bytes into the page cache, or some of them where that fails. */
  #apply(chunks: readonly Uint8Array[], bytes: number, position: number): CairnError | undefined {
    if (this.#volume.faults.writeFails()) {
      this.#writePart(chunks, position, this.#volume.prng.below(bytes + 1));
      return this.#ioError('write');
    }
    const { content } = this.#node;
    const room = content.allocatedBytes + this.#volume.freeBytes;
    if (position + bytes > room) {
      this.#writePart(chunks, position, Math.max(0, room - position));
      return noSpace(this.path);
    }
    this.#writePart(chunks, position, bytes);
    return undefined;
  }

  #writePart(chunks: readonly Uint8Array[], position: number, bytes: number): void {
    let at = position;
    const end = position + bytes;
    for (const chunk of chunks) {
      if (at >= end) break;
      const part = chunk.byteLength <= end - at ? chunk : chunk.subarray(0, end - at);
      this.#node.content.write(part, at);
      at += part.byteLength;
    }
    this.#volume.recount(this.#node);
  }

  #makeDurable(position: number, bytes: number): void {
    this.#checkTrusted();
    const { content } = this.#node;
    if (this.#volume.faults.syncFails()) {
      content.failSync(content.beginSync());
      throw this.#failSync();
    }
    content.persist(position, bytes);
    this.#maybeRot();
  }

  #maybeRot(): void {
    if (!this.#volume.faults.rots()) return;
    const position = this.#node.content.somewhereDurable();
    if (position !== undefined) this.#volume.rot(this.#volumePath, position, this.#volume.prng.below(8));
  }

  #failSync(): CairnError {
    this.#note('disk.sync-failed', 0, 0);
    this.#failedSync ??= new CairnError(
      'IO_ERROR',
      `${this.path}: a sync failed; what was written since the last may be lost`,
    );
    return this.#failedSync;
  }

  #checkTrusted(): void {
    if (this.#failedSync === undefined) return;
    const message = `${this.path} is not written any more: an earlier sync of it failed`;
    throw new CairnError('IO_ERROR', message, { cause: this.#failedSync });
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new CairnError('CLOSED', `${this.path} is closed`);
  }

  #checkWritable(): void {
    this.#checkOpen();
    if (this.#options.mode === 'read')
      throw new CairnError('INVALID_ARGUMENT', `${this.path} was opened for reading only`);
    this.#checkTrusted();
  }

  #ioError(what: string): CairnError {
    this.#note(`disk.${what}-failed`, 0, 0);
    return new CairnError('IO_ERROR', `${what} of ${this.path} failed (simulated)`);
  }

  #stopIf(error: Error | undefined): void {
    if (error === undefined) return;
    this.#process.fatal(error);
    throw error;
  }

  #note(kind: string, a: number, b: number): void {
    this.#process.scheduler.note(kind, this.#process.label, a, b, this.path);
  }
}

export function noSpace(path: string): CairnError {
  return new CairnError('NO_SPACE', `${path}: the file system is full`);
}

/** Each target with where in the file it begins. */
function eachAt(
  targets: readonly Uint8Array[],
  position: number,
  visit: (target: Uint8Array, at: number) => void,
): void {
  let at = position;
  for (const target of targets) {
    visit(target, at);
    at += target.byteLength;
  }
}

/** Broken at once, as in the real runtime, and not through the promise. */
function checkPosition(position: number, bytes: number): void {
  invariant(Number.isSafeInteger(position) && position >= 0, 'a position is a safe integer', { position });
  invariant(Number.isSafeInteger(position + bytes), 'the end of a range is a safe integer', { position, bytes });
}
