/**
 * A logical range of bytes over objects of one pool, as volumes and large files have it. Each piece is atomic, the whole is
 * not: who needs more keeps one writer at a time (a volume's lock), or writes objects that nobody names yet (a blob).
 * Objects that are not there, and what lies beyond their ends, read as zeros.
 */
import { isCairnError } from '../base/errors.js';
import { viewBuffer } from '../base/bytes.js';
import type { WaitOptions } from '../runtime/clock.js';
import { forEachBounded } from './bounded.js';
import type { ObjectName } from '../cluster/object-placement.js';
import type { ChangeOptions, PoolClient } from './pool-client.js';
import { checkRange, type Extent, extentsOf, stripeBytesDefault, stripeName } from './striping.js';

export interface StripedObjectOptions {
  readonly pool: PoolClient;
  readonly name: string;
  readonly namespace?: string;
  /** Default 4 MiB; fixed for the life of what is stored. At most `opBytesMax`. */
  readonly stripeBytes?: number;
  /** Pieces under way at once. Default 8; more helps when there are many OSDs. */
  readonly atOnce?: number;
}

/** Enough to keep the disks of three OSDs busy. */
const atOnceDefault = 8;

export class StripedObject {
  readonly #pool: PoolClient;
  readonly #name: string;
  readonly #namespace: string;
  readonly #stripeBytes: number;
  readonly #atOnce: number;

  constructor({ pool, name, namespace = '', stripeBytes, atOnce }: StripedObjectOptions) {
    this.#pool = pool;
    this.#name = name;
    this.#namespace = namespace;
    this.#stripeBytes = stripeBytes ?? stripeBytesDefault;
    this.#atOnce = atOnce ?? atOnceDefault;
  }

  /** The object that has the bytes from `index * stripeBytes` on. */
  piece(index: number): ObjectName {
    return { name: stripeName(this.#name, index), namespace: this.#namespace, locator: '' };
  }

  /** Exactly so many bytes. */
  async read(offset: number, bytes: number, wait: WaitOptions = {}): Promise<Uint8Array> {
    checkRange(offset, bytes);
    const whole = new Uint8Array(bytes);
    await this.#each(offset, bytes, wait, async (extent, pieceWait) => {
      const { index, offset: from, bytes: length, at } = extent;
      const read = await this.#readPiece(index, { offset: from, bytes: length }, pieceWait);
      if (read !== undefined) whole.set(read, at);
    });
    return whole;
  }

  /** After an error, some pieces may have been written. `bytes` is lent until the promise settles. */
  async write(offset: number, bytes: Uint8Array, options: ChangeOptions = {}): Promise<void> {
    await this.#each(offset, bytes.byteLength, options, async (extent, wait) => {
      const piece = viewBuffer(bytes).subarray(extent.at, extent.at + extent.bytes);
      const isWhole = extent.bytes === this.#stripeBytes;
      const { guards = [] } = options;
      if (isWhole) await this.#pool.writeFull(this.piece(extent.index), piece, { ...wait, guards });
      else await this.#pool.write(this.piece(extent.index), extent.offset, piece, { ...wait, guards });
    });
  }

  /** The bytes are zero afterwards, and take no room; objects that are covered as a whole go. */
  async discard(offset: number, bytes: number, wait: WaitOptions = {}): Promise<void> {
    await this.#each(offset, bytes, wait, async ({ index, offset: from, bytes: length }, pieceWait) => {
      if (length === this.#stripeBytes) await this.#pool.remove(this.piece(index), pieceWait);
      else await this.#punch(index, { offset: from, bytes: length }, pieceWait);
    });
  }

  #each(
    offset: number,
    bytes: number,
    { deadline, signal }: WaitOptions,
    task: (extent: Extent, wait: WaitOptions) => Promise<void>,
  ): Promise<void> {
    const extents = extentsOf(offset, bytes, this.#stripeBytes);
    return forEachBounded(extents, { atOnce: this.#atOnce, signal }, (extent, stop) =>
      task(extent, { deadline, signal: stop }),
    );
  }

  async #readPiece(index: number, range: { offset: number; bytes: number }, wait: WaitOptions) {
    try {
      return await this.#pool.read(this.piece(index), range, wait);
    } catch (error) {
      if (isCairnError(error) && error.details['refusal'] === 'object') return undefined;
      throw error;
    }
  }

  /** An object that is not there is not made for the sake of its zeros. */
  async #punch(index: number, range: { offset: number; bytes: number }, wait: WaitOptions): Promise<void> {
    try {
      await this.#pool.punch(this.piece(index), range, { ...wait, guards: [{ kind: 'exists' }] });
    } catch (error) {
      if (!isCairnError(error) || error.details['refusal'] !== 'guard') throw error;
    }
  }
}
