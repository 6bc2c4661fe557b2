/** Writes the frames of a PG's file one after the other, a megabyte at a time. */
import { latin1Bytes } from '../../../../base/bytes.js';
import { ByteWriter } from '../../../../base/byte-writer.js';
import { xxh64 } from '../../../../base/xxh64.js';
import type { DiskFile } from '../../../../runtime/disk.js';
import { encodePgFileRecord, pgFileMagic, pgFileVersion, type PgFileRecord } from './pg-file-record.js';

const writeBytesMin = 1024 * 1024;

export class FrameWriter {
  readonly #file: DiskFile;
  readonly #buffer = new ByteWriter(2 * writeBytesMin);
  #position = 0;
  #checksum: bigint;

  constructor(file: DiskFile) {
    this.#file = file;
    this.#buffer.raw(latin1Bytes(pgFileMagic));
    this.#buffer.u32(pgFileVersion);
    this.#checksum = xxh64(this.#buffer.viewWritten());
  }

  get bytes(): number {
    return this.#position + this.#buffer.length;
  }

  async add(record: PgFileRecord): Promise<void> {
    const bytes = encodePgFileRecord(record);
    this.#buffer.u32(bytes.byteLength);
    this.#buffer.raw(bytes);
    this.#checksum = xxh64(bytes, this.#checksum);
    this.#buffer.u64(this.#checksum);
    if (this.#buffer.length >= writeBytesMin) await this.#flush();
  }

  /** Everything is durable when it resolves. */
  async finish(): Promise<void> {
    await this.#flush();
    await this.#file.datasync();
  }

  async #flush(): Promise<void> {
    const bytes = this.#buffer.bytes();
    this.#buffer.clear();
    await this.#file.write(bytes, this.#position);
    this.#position += bytes.byteLength;
  }
}
