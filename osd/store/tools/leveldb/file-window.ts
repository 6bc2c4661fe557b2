/** Reads a file mostly forward, a megabyte at a time, however small the pieces that are asked for. */
import type { DiskFile } from '../../../../runtime/disk.js';

const windowBytes = 1024 * 1024;

export class FileWindow {
  readonly size: number;
  readonly #file: DiskFile;
  readonly #buffer: Uint8Array;
  #start = 0;
  #end = 0;
  #bytesRead = 0;

  constructor(file: DiskFile, size: number) {
    this.#file = file;
    this.size = size;
    this.#buffer = new Uint8Array(Math.min(windowBytes, size));
  }

  /** From the disk, so far. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** A view, valid until the next call; shorter only where the file ends. */
  async view(offset: number, bytes: number): Promise<Uint8Array> {
    const wanted = Math.max(0, Math.min(bytes, this.size - offset));
    if (wanted > this.#buffer.byteLength) return await this.#readAlone(offset, wanted);
    if (offset < this.#start || offset + wanted > this.#end) {
      this.#start = offset;
      this.#end = offset + (await this.#file.read(this.#buffer, offset));
      this.#bytesRead += this.#end - offset;
    }
    return this.#buffer.subarray(offset - this.#start, Math.min(offset + wanted, this.#end) - this.#start);
  }

  async #readAlone(offset: number, bytes: number): Promise<Uint8Array> {
    const target = new Uint8Array(bytes);
    const count = await this.#file.read(target, offset);
    this.#bytesRead += count;
    return target.subarray(0, count);
  }
}
