/**
 * Large durable writes past the page cache (`O_DIRECT`). Through it each byte is copied to a page that has to be found, or made, and
 * is sent to the disk from there: half of the processor's time of an OSD that takes 4 MiB at a time, and what reads could use the pages for is
 * pushed out of them. The system takes only memory that begins at a page (`Memory.pages`); anything else is copied there first.
 */
import * as fs from 'node:fs';
import { errnoOf } from './errno.js';
import { isAtPage, pageBytes, takePages } from './pages.js';

/** Below, the copy and the way to the disk and back cost as much as the page cache. */
const directBytesMin = 512 * 1024;

/** What is gathered at a time: a batch of the OSD's log. */
const gatherBytes = 8 * 1024 * 1024;

/** What one write of zeros has: the disk is held for about a millisecond. */
const zeroBytes = 2 * 1024 * 1024;

const { O_DIRECT, O_DSYNC, O_RDWR } = fs.constants as { readonly [flag: string]: number | undefined };

/** Memory that begins at a page, of all files: gathered into by one write at a time each. */
export class PageMemory {
  readonly #idle: Uint8Array[] = [];
  #zeros: Uint8Array | undefined;

  take(): Uint8Array {
    return this.#idle.pop() ?? takePages(gatherBytes);
  }

  /** One is kept. */
  give(memory: Uint8Array): void {
    if (this.#idle.length === 0) this.#idle.push(memory);
  }

  get zeros(): Uint8Array {
    this.#zeros ??= takePages(zeroBytes);
    return this.#zeros;
  }
}

/** One file, by a descriptor of its own. */
export class DirectWrites {
  readonly #fd: number;
  readonly #memory: PageMemory;
  #direct: Promise<number | undefined> | undefined;

  /** `fd` is open as long as this is. */
  constructor(fd: number, memory: PageMemory) {
    this.#fd = fd;
    this.#memory = memory;
  }

  /** Whether such a write is worth it. */
  static suits(bytes: number, position: number): boolean {
    return bytes >= directBytesMin && bytes % pageBytes === 0 && position % pageBytes === 0;
  }

  /** Returns how much of it was written from its beginning on, and is durable: not all where the file system has no such writes. */
  async write(chunks: readonly Uint8Array[], position: number): Promise<number> {
    const fd = await this.#open();
    if (fd === undefined) return 0;
    const [only] = chunks;
    if (chunks.length === 1 && only !== undefined && isAtPage(only)) return await this.#writeOnce(fd, only, position);
    const memory = this.#memory.take();
    try {
      let written = 0;
      for (const gathered of gather(chunks, memory)) {
        const count = await this.#writeOnce(fd, gathered, position + written);
        written += count;
        if (count < gathered.byteLength) break;
      }
      return written;
    } finally {
      this.#memory.give(memory);
    }
  }

  /** As `write`, of zeros; `bytes` and `position` are multiples of the unit. */
  async writeZeros(bytes: number, position: number): Promise<number> {
    const fd = await this.#open();
    if (fd === undefined) return 0;
    const { zeros } = this.#memory;
    let written = 0;
    while (written < bytes) {
      const piece = zeros.subarray(0, Math.min(zeros.byteLength, bytes - written));
      const count = await this.#writeOnce(fd, piece, position + written);
      written += count;
      if (count < piece.byteLength) break;
    }
    return written;
  }

  async close(): Promise<void> {
    const fd = await this.#direct;
    if (fd !== undefined) await new Promise<void>((resolve) => fs.close(fd, () => resolve()));
  }

  #open(): Promise<number | undefined> {
    this.#direct ??= new Promise((resolve) => {
      if (O_DIRECT === undefined || O_DSYNC === undefined || O_RDWR === undefined) {
        resolve(undefined);
        return;
      }
      // The very file that is open, whatever its name is by now.
      fs.open(`/proc/self/fd/${this.#fd}`, O_RDWR | O_DSYNC | O_DIRECT, (error, fd) => {
        resolve(error === null ? fd : undefined);
      });
    });
    return this.#direct;
  }

  #writeOnce(fd: number, bytes: Uint8Array, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.write(fd, bytes, 0, bytes.byteLength, position, (error, count) => {
        if (error === null) resolve(count);
        else if (errnoOf(error) === 'EINVAL') resolve(0);
        else reject(error);
      });
    });
  }
}

/** The chunks one after the other, in `memory`, as much of them at a time as it holds. */
function* gather(chunks: readonly Uint8Array[], memory: Uint8Array): Generator<Uint8Array> {
  let filled = 0;
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength;) {
      const part = chunk.subarray(at, at + memory.byteLength - filled);
      memory.set(part, filled);
      filled += part.byteLength;
      at += part.byteLength;
      if (filled < memory.byteLength) continue;
      yield memory;
      filled = 0;
    }
  }
  if (filled > 0) yield memory.subarray(0, filled);
}
