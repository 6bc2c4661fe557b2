/** One open file. Its operations run beside each other in the thread pool; `close` waits for them. */
import * as fs from 'node:fs';
import { totalBytes } from '../../base/bytes.js';
import { CairnError, type Applied } from '../../base/errors.js';
import { invariant } from '../../base/invariant.js';
import type { DiskFile } from '../disk.js';
import { DirectWrites, type PageMemory } from './direct-writes.js';
import { fromErrno } from './errno.js';
import { pageBytes } from './pages.js';

/** Zeros that `preallocate` writes from, shared by all files. 1 MiB holds a thread of the pool for about a millisecond. */
const zeros = new Uint8Array(2 ** 20);

/** How the system's calls end. */
type Done = (error: NodeJS.ErrnoException | null, count: number) => void;

export interface DiskFileParts {
  readonly path: string;
  readonly fd: number;
  readonly writable: boolean;
  readonly durableWrites: boolean;
  readonly pageMemory: PageMemory;
}

export class NodeDiskFile implements DiskFile {
  readonly path: string;
  readonly #fd: number;
  readonly #writable: boolean;
  readonly #durableWrites: boolean;
  readonly #direct: DirectWrites;
  #running = 0;
  #whenIdle: (() => void) | undefined;
  #closing: Promise<void> | undefined;
  /** The sync that failed. What was written before it may be gone, even if a later sync says that all is well. */
  #broken: CairnError | undefined;

  constructor(parts: DiskFileParts) {
    this.path = parts.path;
    this.#fd = parts.fd;
    this.#writable = parts.writable;
    this.#durableWrites = parts.durableWrites;
    this.#direct = new DirectWrites(parts.fd, parts.pageMemory);
  }

  read(target: Uint8Array, position: number): Promise<number> {
    const bytes = target.byteLength;
    checkPosition(position, bytes);
    if (this.#closing !== undefined) return Promise.reject(this.#closed());
    if (bytes === 0) return Promise.resolve(0);
    return this.#inOneCall(
      bytes,
      bytes,
      (done) => fs.read(this.#fd, target, 0, bytes, position, done),
      async (error, count) => {
        if (error !== null) throw this.#failure('read', error);
        // Fewer is mostly the end of the file, but need not be.
        return count === 0 ? 0 : count + (await this.#fill([target.subarray(count)], position + count));
      },
    );
  }

  readv(targets: readonly Uint8Array[], position: number): Promise<number> {
    checkPosition(position, totalBytes(targets));
    return this.#run(() => this.#fill(targets, position));
  }

  write(bytes: Uint8Array, position: number): Promise<void> {
    checkPosition(position, bytes.byteLength);
    if (this.#durableWrites && DirectWrites.suits(bytes.byteLength, position))
      return this.#writeLarge([bytes], position);
    return this.#writeOnce(
      bytes.byteLength,
      (done) => fs.write(this.#fd, bytes, 0, bytes.byteLength, position, done),
      (count) => this.#writeAll(bytes.subarray(count), position + count),
    );
  }

  writev(chunks: readonly Uint8Array[], position: number): Promise<void> {
    const bytes = totalBytes(chunks);
    checkPosition(position, bytes);
    if (this.#durableWrites && DirectWrites.suits(bytes, position)) return this.#writeLarge(chunks, position);
    return this.#writeOnce(
      bytes,
      (done) => fs.writev(this.#fd, chunks, position, done),
      (count) => this.#writeAllChunks(dropBytes(chunks, count), position + count),
    );
  }

  datasync(): Promise<void> {
    return this.#change(() => this.#sync());
  }

  preallocate(bytes: number): Promise<void> {
    checkPosition(0, bytes);
    return this.#change(async () => {
      const { size } = await this.#stat();
      if (size >= bytes) return;
      const start = Math.min(bytes, Math.ceil(size / pageBytes) * pageBytes);
      await this.#writeZeros(size, start);
      await this.#writeZeros(start + (await this.#writeZerosDirectly(start, bytes)), bytes);
      await this.#sync();
    });
  }

  truncate(bytes: number): Promise<void> {
    checkPosition(0, bytes);
    return this.#change(() =>
      this.#call<void>('truncate', (done) => {
        fs.ftruncate(this.#fd, bytes, done);
      }),
    );
  }

  size(): Promise<number> {
    return this.#run(async () => (await this.#stat()).size);
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeWhenIdle();
    return this.#closing;
  }

  async #closeWhenIdle(): Promise<void> {
    if (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
    }
    await this.#direct.close();
    await this.#call<void>('close', (done) => {
      fs.close(this.#fd, done);
    });
  }

  /** An operation, unless the file is closed; `close` waits for it. */
  async #run<T>(operation: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) throw this.#closed();
    this.#running += 1;
    return await this.#untilEnded(operation);
  }

  #ended(): void {
    this.#running -= 1;
    if (this.#running === 0) this.#whenIdle?.();
  }

  /** An operation that writes, unless an earlier sync failed. */
  #change(operation: () => Promise<void>): Promise<void> {
    const refusal = this.#refusal();
    return refusal === undefined ? this.#run(operation) : Promise.reject(refusal);
  }

  #refusal(): CairnError | undefined {
    if (this.#closing !== undefined) return this.#closed();
    if (!this.#writable) return new CairnError('INVALID_ARGUMENT', `${this.path} was opened for reading only`);
    return this.#broken === undefined ? undefined : this.#distrusted(this.#broken);
  }

  #closed(): CairnError {
    return new CairnError('CLOSED', `${this.path} was closed`);
  }

  /** `begin` calls the system once for all of `bytes`; `rest` writes what that left, behind the first `count`. */
  #writeOnce(bytes: number, begin: (done: Done) => void, rest: (count: number) => Promise<void>): Promise<void> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    if (bytes === 0) return Promise.resolve();
    return this.#inOneCall<void>(bytes, undefined, begin, (failed, count) =>
      this.#durably(this.#writeRest(failed, () => rest(count))),
    );
  }

  async #writeRest(failed: Error | null, rest: () => Promise<void>): Promise<void> {
    if (failed !== null) throw this.#failure('write', failed);
    await rest();
  }

  /**
   * What nearly every read and write is: one call to the system that does all of it. One promise then, where the general
   * way has six: of a lone small write to a log that was a tenth of the cost. Anything else is told to `otherwise`.
   */
  #inOneCall<T>(
    bytes: number,
    result: T,
    begin: (done: Done) => void,
    otherwise: (failed: Error | null, count: number) => Promise<T>,
  ): Promise<T> {
    this.#running += 1;
    return new Promise((resolve) => {
      begin((failed, count) => {
        if (!failed && count === bytes && this.#broken === undefined) {
          this.#ended();
          resolve(result);
        } else {
          resolve(this.#untilEnded(() => otherwise(failed ?? null, count)));
        }
      });
    });
  }

  /** The rest of an operation that is counted as running. */
  async #untilEnded<T>(rest: () => Promise<T>): Promise<T> {
    try {
      return await rest();
    } finally {
      this.#ended();
    }
  }

  /** libuv reads into the first 1024 targets of a list, the system's limit, and says nothing of the rest. */
  async #fill(targets: readonly Uint8Array[], position: number): Promise<number> {
    let left = targets.filter((target) => target.byteLength > 0);
    let offset = position;
    while (left.length > 0) {
      const batch = left;
      const count = await this.#call<number>('read', (done) => {
        fs.readv(this.#fd, batch, offset, done);
      });
      if (count === 0) break;
      offset += count;
      left = dropBytes(left, count);
    }
    return offset - position;
  }

  async #writeZeros(from: number, to: number): Promise<void> {
    for (let at = from; at < to; at += zeros.byteLength) {
      await this.#durably(this.#writeAll(zeros.subarray(0, Math.min(zeros.byteLength, to - at)), at));
    }
  }

  /** Returns how many there are. */
  async #writeZerosDirectly(from: number, to: number): Promise<number> {
    const bytes = Math.floor((to - from) / pageBytes) * pageBytes;
    return this.#durableWrites && bytes > 0
      ? await this.#durably(this.#directly(this.#direct.writeZeros(bytes, from)))
      : 0;
  }

  #writeLarge(chunks: readonly Uint8Array[], position: number): Promise<void> {
    return this.#change(() => this.#durably(this.#writePastCache(chunks, position)));
  }

  /** The page cache takes what a direct write left. */
  async #writePastCache(chunks: readonly Uint8Array[], position: number): Promise<void> {
    const written = await this.#directly(this.#direct.write(chunks, position));
    await this.#writeAllChunks(dropBytes(chunks, written), position + written);
  }

  async #directly(write: Promise<number>): Promise<number> {
    try {
      return await write;
    } catch (error) {
      throw this.#failure('write', error instanceof Error ? error : new Error(String(error)));
    }
  }

  async #writeAll(bytes: Uint8Array, position: number): Promise<void> {
    let written = 0;
    while (written < bytes.byteLength) {
      const count = await this.#call<number>('write', (done) => {
        fs.write(this.#fd, bytes, written, bytes.byteLength - written, position + written, done);
      });
      written += this.#advanced(count);
    }
  }

  /** libuv splits a list at the system's limit of chunks per call (1024), so one call here takes any number. */
  async #writeAllChunks(chunks: readonly Uint8Array[], position: number): Promise<void> {
    let left = chunks.filter((chunk) => chunk.byteLength > 0);
    let offset = position;
    while (left.length > 0) {
      const batch = left;
      const count = await this.#call<number>('write', (done) => {
        fs.writev(this.#fd, batch, offset, done);
      });
      offset += this.#advanced(count);
      left = dropBytes(left, count);
    }
  }

  #advanced(count: number): number {
    if (count > 0) return count;
    throw new CairnError('IO_ERROR', `cannot write ${this.path}: the system wrote nothing; see dmesg`, {
      applied: 'maybe',
    });
  }

  async #sync(): Promise<void> {
    try {
      await this.#call<void>('sync', (done) => {
        fs.fdatasync(this.#fd, done);
      });
    } catch (error) {
      const cause = error instanceof CairnError ? error.cause : error;
      const message = `cannot sync ${this.path}: what was written since the last sync may be lost; see dmesg`;
      throw this.#break(new CairnError('IO_ERROR', message, { cause, applied: 'maybe' }));
    }
    this.#checkOthers();
  }

  /** With `O_DSYNC` a write is its own sync, and fails like one; a full file system is not such a failure. */
  async #durably<T>(write: Promise<T>): Promise<T> {
    let result: T;
    try {
      result = await write;
    } catch (error) {
      if (this.#durableWrites && error instanceof CairnError && error.code === 'IO_ERROR') this.#break(error);
      throw error;
    }
    if (this.#durableWrites) this.#checkOthers();
    return result;
  }

  /**
   * The kernel reports a page that it could not write to one sync of a descriptor only, which need not be the one that
   * waited for that page: when one failed, another that was under way beside it proves nothing.
   */
  #checkOthers(): void {
    if (this.#broken !== undefined) throw this.#distrusted(this.#broken, 'maybe');
  }

  #break(error: CairnError): CairnError {
    this.#broken ??= error;
    return error;
  }

  #distrusted(cause: CairnError, applied: Applied = 'no'): CairnError {
    const message = `${this.path} is not written any more: an earlier sync of it failed`;
    return new CairnError('IO_ERROR', message, { cause, applied });
  }

  #stat(): Promise<fs.Stats> {
    return this.#call<fs.Stats>('measure', (done) => {
      fs.fstat(this.#fd, done);
    });
  }

  #call<T>(deed: string, begin: (done: (error: Error | null, result: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      begin((error, result) => {
        if (error === null || error === undefined) resolve(result);
        else reject(this.#failure(deed, error));
      });
    });
  }

  #failure(deed: string, error: Error): CairnError {
    return fromErrno(error, `cannot ${deed} ${this.path}`, 'IO_ERROR', deed === 'write' ? 'maybe' : 'no');
  }
}

function checkPosition(position: number, bytes: number): void {
  invariant(Number.isSafeInteger(position) && position >= 0, 'a position is a safe integer', { position });
  invariant(Number.isSafeInteger(bytes) && bytes >= 0, 'a size is a safe integer', { bytes });
  invariant(Number.isSafeInteger(position + bytes), 'the end of a range is a safe integer', { position, bytes });
}

/** What is left of `chunks` after their first `count` bytes; none of it is empty if none of `chunks` is. */
function dropBytes(chunks: readonly Uint8Array[], count: number): Uint8Array[] {
  let skip = count;
  let index = 0;
  for (const chunk of chunks) {
    if (skip < chunk.byteLength) return [chunk.subarray(skip), ...chunks.slice(index + 1)];
    skip -= chunk.byteLength;
    index += 1;
  }
  return [];
}
