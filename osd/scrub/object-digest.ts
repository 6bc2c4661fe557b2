/**
 * A checksum over one object of this store, in pieces, so that no turn is long and no answer late however large it is:
 *
 *     head (size, attributes, marks) ──► omap, some keys at a time ──► data, 1 MiB at a time ──► its version once more
 *
 * Each piece is hashed with the sum so far as its seed. Shallow: the omap by keys, heads and sizes, and no data. Deep: every
 * byte is read, so the store verifies it.
 */
import { ByteWriter } from '../../base/byte-writer.js';
import { isCairnError } from '../../base/errors.js';
import { Xxh64Stream, xxh64 } from '../../base/xxh64.js';
import type { ObjectVersion } from '../store/format/object-head.js';
import type { ObjectId } from '../store/object-id.js';
import type { ObjectInfo, ObjectReader } from '../store/read/object-reader.js';
import { type CopyState, isSameVersion } from './copy-state.js';

/** Where the next piece begins. */
export type DigestPlace =
  | { readonly kind: 'head' }
  /** Keys from here on, latin1. */
  | { readonly kind: 'omap'; readonly from: string }
  | { readonly kind: 'data'; readonly at: number }
  | { readonly kind: 'end' };

/** An object that is digested in part. Sent as it is. */
export interface DigestProgress {
  readonly place: DigestPlace;
  /** Over everything before, in hex. */
  readonly sum: string;
  /** What was digested is of this version; `null`: the caller sees to it that it does not matter. */
  readonly version: ObjectVersion | null;
}

export const digestStart: DigestProgress = { place: { kind: 'head' }, sum: '0', version: null };

export interface DigestOptions {
  readonly isDeep: boolean;
  /** About so many bytes are read. */
  readonly bytesMax: number;
}

export type DigestStep =
  | { readonly kind: 'done'; readonly copy: CopyState; readonly bytes: number }
  | { readonly kind: 'more'; readonly progress: DigestProgress; readonly bytes: number };

const pieceBytes = 1024 * 1024;
const omapKeys = 64;
/** A look at the index costs as much as reading so many bytes. */
const lookBytes = 4 * 1024;

/** Errors of the disk are what it finds; it throws nothing but bugs, and that the store is closed. */
export async function digestStep(
  objects: ObjectReader,
  object: ObjectId,
  progress: DigestProgress,
  options: DigestOptions,
): Promise<DigestStep> {
  const digest = new Digest(objects, object, options);
  try {
    return await digest.run(progress);
  } catch (error) {
    if (!isDamage(error)) throw error;
    const copy: CopyState = { kind: 'rotten', version: digest.version ?? null, problem: error.message };
    return { kind: 'done', copy, bytes: digest.bytes };
  }
}

/** What a read throws where the disk is at fault, not the caller. */
export function isDamage(error: unknown): error is Error {
  return isCairnError(error, 'CORRUPT') || isCairnError(error, 'IO_ERROR');
}

class Digest {
  readonly #objects: ObjectReader;
  readonly #object: ObjectId;
  readonly #options: DigestOptions;
  #info: ObjectInfo | undefined;
  #sum = 0n;
  bytes = lookBytes;

  constructor(objects: ObjectReader, object: ObjectId, options: DigestOptions) {
    this.#objects = objects;
    this.#object = object;
    this.#options = options;
  }

  /** Once it was looked at. */
  get version(): ObjectVersion | undefined {
    return this.#info?.version;
  }

  async run({ place: from, sum, version }: DigestProgress): Promise<DigestStep> {
    const info = await this.#objects.stat(this.#object);
    this.#info = info;
    if (info === undefined) return this.#done({ kind: from.kind === 'head' ? 'absent' : 'changed' });
    if (version !== null && !isSameVersion(version, info.version)) return this.#done({ kind: 'changed' });
    this.#sum = BigInt(`0x${sum}`);
    let place = from;
    while (place.kind !== 'end') {
      if (place !== from && this.bytes >= this.#options.bytesMax) {
        // What came so far counts only if it is all of this version.
        if (await this.#isChanged(info)) return this.#done({ kind: 'changed' });
        return { kind: 'more', progress: { place, sum: this.#hex, version: info.version }, bytes: this.bytes };
      }
      place = await this.#piece(place, info);
    }
    if (await this.#isChanged(info)) return this.#done({ kind: 'changed' });
    return this.#done({ kind: 'whole', version: info.version, bytes: info.size, sum: this.#hex });
  }

  get #hex(): string {
    return this.#sum.toString(16);
  }

  #done(copy: CopyState): DigestStep {
    return { kind: 'done', copy, bytes: this.bytes };
  }

  async #isChanged(before: ObjectInfo): Promise<boolean> {
    const now = await this.#objects.stat(this.#object);
    return now === undefined || !isSameVersion(now.version, before.version);
  }

  async #piece(place: Exclude<DigestPlace, { readonly kind: 'end' }>, info: ObjectInfo): Promise<DigestPlace> {
    const data: DigestPlace = this.#options.isDeep ? { kind: 'data', at: 0 } : { kind: 'end' };
    switch (place.kind) {
      case 'head':
        await this.#head(info);
        return info.mayHaveOmap ? { kind: 'omap', from: '' } : data;
      case 'omap': {
        const next = await this.#omap(place.from);
        return next === undefined ? data : { kind: 'omap', from: next };
      }
      case 'data': {
        const next = await this.#data(place.at, info.size);
        return next === undefined ? { kind: 'end' } : { kind: 'data', at: next };
      }
    }
  }

  async #head({ size, attributes }: ObjectInfo): Promise<void> {
    const writer = new ByteWriter(1024);
    writer.varint(size);
    writer.varint(attributes.size);
    for (const [name, value] of attributes) {
      writer.text(name);
      writer.blob(value);
    }
    for (const { mark, value } of await this.#objects.marks(this.#object)) {
      writer.text(mark);
      writer.blob(value);
    }
    this.#add(writer.bytes());
  }

  /** Returns the key to go on with. */
  async #omap(from: string): Promise<string | undefined> {
    const walk = this.#objects.omapWalk(this.#object, { from });
    try {
      const page = await walk.next(omapKeys);
      for (const { key, head, bodies } of page) {
        const writer = new ByteWriter(256);
        writer.text(key);
        writer.blob(head);
        for (const { slot, bytes } of bodies) {
          writer.varint(slot);
          writer.varint(bytes);
        }
        this.#add(writer.bytes());
        if (!this.#options.isDeep) continue;
        for (const { slot } of bodies) this.#add((await this.#objects.omapBody(this.#object, key, slot)) ?? none);
      }
      const last = page.at(-1);
      // The first key behind it.
      return last === undefined ? undefined : `${last.key}\0`;
    } finally {
      await walk.close();
    }
  }

  /** Returns the offset to go on at. */
  async #data(at: number, size: number): Promise<number | undefined> {
    const wanted = Math.min(pieceBytes, size - at);
    if (wanted <= 0) return undefined;
    const stream = new Xxh64Stream(this.#sum);
    let read = 0;
    for (const piece of await this.#objects.read(this.#object, at, wanted)) {
      stream.update(piece);
      read += piece.byteLength;
    }
    this.#sum = stream.digest();
    this.bytes += read;
    // Fewer than the head says: it was cut meanwhile, which its version will tell.
    return read < wanted ? undefined : at + read;
  }

  #add(bytes: Uint8Array): void {
    this.#sum = xxh64(bytes, this.#sum);
    this.bytes += bytes.byteLength;
  }
}

const none = new Uint8Array(0);
