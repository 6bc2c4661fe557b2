/**
 * The bytes of one simulated file: what its disk holds, and what only the page cache does.
 *
 *     dirty    pages written since the last datasync began          ── lost, kept or torn by a crash
 *     syncing  pages that a datasync under way took along, per sync ── likewise, until it completes
 *     durable  what the disk holds                                  ── survives
 *
 * A read sees the topmost. Rules of a crash, which allow everything that POSIX does:
 *   - of every sector (512 bytes) not covered by a completed sync, any version written since survives, or the durable
 *     one, each sector for itself: writes are torn, lost and reordered. (Versions between the first and the last survive
 *     because an overwrite of a dirty sector now and then finds that the kernel had written it back already.)
 *   - the size is the durable one, the current one, that of a sync under way or, for a file that grew, anything between;
 *     what is inside the size but was never written back reads as zeros.
 *   - a failed sync drops the pages concerned, by the seed: they stay readable for a while, are never written, and no
 *     later sync mentions them ("fsyncgate", https://lwn.net/Articles/752063/).
 */
import { copyBytes } from '../../base/bytes.js';
import { invariant } from '../../base/invariant.js';
import { sectorBytes } from '../disk.js';
import type { Prng } from './prng.js';

export const pageBytes = 4096;
const sectorsPerPage = pageBytes / sectorBytes;
const allSectors = (1 << sectorsPerPage) - 1;

/** Stands for a page of zeros in a cache; never written to, never stored as durable. */
const zeroPage = new Uint8Array(pageBytes);

/** Full pages of one write share memory up to this much, instead of an allocation each; one live page pins it. */
const slabBytesMax = 64 * 1024;

/** How often an overwritten dirty page had been written back by the kernel meanwhile. */
const writeBackChance = 1 / 8;

interface CachedPage {
  bytes: Uint8Array;
  /** One bit per sector that the disk does not have yet. */
  dirty: number;
}

interface SyncLayer {
  readonly id: number;
  readonly pages: Map<number, CachedPage>;
  size: number;
}

export class FileContent {
  readonly #prng: Prng;
  readonly #durable = new Map<number, Uint8Array>();
  #durableSize = 0;
  /** Oldest first. */
  #syncing: SyncLayer[] = [];
  #dirty = new Map<number, CachedPage>();
  #size = 0;
  #syncId = 0;

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  get size(): number {
    return this.#size;
  }

  /** What the file takes on the disk. */
  get allocatedBytes(): number {
    return Math.ceil(Math.max(this.#size, this.#durableSize) / pageBytes) * pageBytes;
  }

  /** Returns the bytes read: fewer than asked only at the end of the file. */
  read(target: Uint8Array, position: number): number {
    const count = Math.max(0, Math.min(target.byteLength, this.#size - position));
    for (let done = 0; done < count;) {
      const offset = (position + done) % pageBytes;
      const length = Math.min(pageBytes - offset, count - done);
      const page = this.#visible(Math.floor((position + done) / pageBytes));
      if (page === undefined) target.fill(0, done, done + length);
      else target.set(length === pageBytes ? page : page.subarray(offset, offset + length), done);
      done += length;
    }
    return count;
  }

  /** Into the page cache. */
  write(bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.byteLength;) {
      const offset = (position + done) % pageBytes;
      const index = Math.floor((position + done) / pageBytes);
      const left = bytes.byteLength - done;
      if (offset === 0 && left >= pageBytes) {
        const run = Math.min(left - (left % pageBytes), slabBytesMax);
        const slab = Buffer.allocUnsafeSlow(run);
        slab.set(bytes.subarray(done, done + run));
        for (let at = 0; at < run; at += pageBytes)
          this.#replace(index + at / pageBytes, slab.subarray(at, at + pageBytes));
        done += run;
      } else {
        const length = Math.min(pageBytes - offset, left);
        this.#patch(index, offset, bytes.subarray(done, done + length));
        done += length;
      }
    }
    this.#size = Math.max(this.#size, position + bytes.byteLength);
  }

  truncate(bytes: number): void {
    if (bytes < this.#size) this.#zeroFrom(bytes);
    this.#size = bytes;
  }

  /** Takes everything written so far along. Returns what `completeSync` or `failSync` is called with. */
  beginSync(): number {
    this.#syncId += 1;
    this.#syncing.push({ id: this.#syncId, pages: this.#dirty, size: this.#size });
    this.#dirty = new Map();
    return this.#syncId;
  }

  /** Makes durable what that sync and those begun before it took along. */
  completeSync(id: number): void {
    for (let layer = this.#syncing[0]; layer !== undefined && layer.id <= id; layer = this.#syncing[0]) {
      this.#syncing.shift();
      for (const [index, page] of layer.pages) this.#store(index, page.bytes, page.dirty, true);
      this.#durableSize = layer.size;
    }
  }

  /** Each page of that sync is dropped or stays dirty. */
  failSync(id: number): void {
    for (let layer = this.#syncing[0]; layer !== undefined && layer.id <= id; layer = this.#syncing[0]) {
      this.#syncing.shift();
      for (const [index, page] of layer.pages) {
        if (this.#prng.chance(0.7)) page.dirty = 0;
        if (this.#syncing.some((later) => later.pages.has(index)) || this.#dirty.has(index)) continue;
        this.#dirty.set(index, page);
      }
    }
  }

  /** Makes a range durable as it is now (`O_DSYNC`), whatever else is dirty. */
  persist(position: number, bytes: number): void {
    const end = position + bytes;
    const isInside = (index: number): boolean => index * pageBytes < end && (index + 1) * pageBytes > position;
    const touched = new Set<number>();
    for (const pages of this.#layers()) for (const index of pages.keys()) if (isInside(index)) touched.add(index);
    for (const index of touched)
      this.#writeBack(index, sectorsBetween(position - index * pageBytes, end - index * pageBytes));
    const size = Math.min(end, this.#size);
    this.#durableSize = Math.max(this.#durableSize, size);
    // A sync begun before must not take the length back when it completes.
    for (const layer of this.#syncing) layer.size = Math.max(layer.size, size);
  }

  /** The machine lost its power: decides what survives. */
  crash(): void {
    const kept = this.#prng.pick([0, 1, this.#prng.float(), this.#prng.float()]);
    const sizes = [this.#durableSize, ...this.#syncing.map((layer) => layer.size), this.#size];
    for (const pages of this.#layers()) {
      for (const [index, page] of pages) this.#store(index, page.bytes, this.#someOf(page.dirty, kept), false);
    }
    this.#cut(this.#sizeAfterCrash(kept, sizes));
    this.#syncing = [];
    this.#dirty = new Map();
    this.#size = this.#durableSize;
  }

  /** Flips one bit of what the disk holds. False where it holds only zeros that were never written. */
  rot(position: number, bit: number): boolean {
    const page = this.#durable.get(Math.floor(position / pageBytes));
    if (page === undefined || position >= this.#durableSize) return false;
    const offset = position % pageBytes;
    page[offset] = (page[offset] ?? 0) ^ (1 << bit);
    return true;
  }

  /** A position that the disk holds written bytes at, for rot that comes by chance. */
  somewhereDurable(): number | undefined {
    if (this.#durable.size === 0) return undefined;
    let skip = this.#prng.below(this.#durable.size);
    for (const index of this.#durable.keys()) {
      if (skip === 0) return index * pageBytes + this.#prng.below(pageBytes);
      skip -= 1;
    }
    return undefined;
  }

  /** Bottom first. */
  *#layers(): Generator<Map<number, CachedPage>> {
    for (const layer of this.#syncing) yield layer.pages;
    yield this.#dirty;
  }

  #visible(index: number): Uint8Array | undefined {
    const dirty = this.#dirty.get(index);
    if (dirty !== undefined) return dirty.bytes;
    for (let i = this.#syncing.length - 1; i >= 0; i--) {
      const page = this.#syncing[i]?.pages.get(index);
      if (page !== undefined) return page.bytes;
    }
    return this.#durable.get(index);
  }

  /** A whole page; takes ownership of `bytes`. */
  #replace(index: number, bytes: Uint8Array): void {
    this.#maybeWriteBack(index);
    this.#dirty.set(index, { bytes, dirty: allSectors });
  }

  #patch(index: number, offset: number, bytes: Uint8Array): void {
    this.#maybeWriteBack(index);
    const page = this.#ownPage(index);
    page.bytes.set(bytes, offset);
    page.dirty |= sectorsBetween(offset, offset + bytes.byteLength);
  }

  /** The page in the dirty layer, copied up from below if need be. */
  #ownPage(index: number): CachedPage {
    const present = this.#dirty.get(index);
    if (present !== undefined && present.bytes !== zeroPage) return present;
    const bytes = new Uint8Array(pageBytes);
    const below = this.#visible(index);
    if (below !== undefined) bytes.set(below);
    const page = { bytes, dirty: present?.dirty ?? 0 };
    this.#dirty.set(index, page);
    return page;
  }

  /** The kernel writes dirty pages back whenever it likes; it shows when they are dirtied again before a crash. */
  #maybeWriteBack(index: number): void {
    const page = this.#dirty.get(index);
    if (page === undefined || page.dirty === 0 || !this.#prng.chance(writeBackChance)) return;
    this.#writeBack(index, this.#someOf(page.dirty, this.#prng.pick([0.5, 1])));
  }

  /** Brings sectors of a page to the disk as they are now, if they are dirty anywhere. */
  #writeBack(index: number, sectors: number): void {
    const visible = this.#visible(index);
    invariant(visible !== undefined, 'only pages in the cache are written back');
    let dirty = 0;
    for (const pages of this.#layers()) {
      const page = pages.get(index);
      if (page === undefined) continue;
      dirty |= page.dirty & sectors;
      // An older version must not overwrite this one when its sync completes.
      page.dirty &= ~sectors;
    }
    this.#store(index, visible, dirty, false);
    const cached = this.#dirty.get(index);
    // A page dropped by a failed sync goes with it: by now the cache would have read the disk's version.
    const isBelow = this.#syncing.some((layer) => layer.pages.has(index));
    if (cached?.dirty === 0 && !isBelow) this.#dirty.delete(index);
  }

  /** `mayTake`: the page belongs to nobody else and may become the durable one. */
  #store(index: number, bytes: Uint8Array, sectors: number, mayTake: boolean): void {
    if (sectors === 0) return;
    if (sectors === allSectors) {
      if (bytes === zeroPage) this.#durable.delete(index);
      else this.#durable.set(index, mayTake ? bytes : copyBytes(bytes));
      return;
    }
    let page = this.#durable.get(index);
    if (page === undefined) {
      page = new Uint8Array(pageBytes);
      this.#durable.set(index, page);
    }
    for (let sector = 0; sector < sectorsPerPage; sector++) {
      if ((sectors & (1 << sector)) === 0) continue;
      const from = sector * sectorBytes;
      page.set(bytes.subarray(from, from + sectorBytes), from);
    }
  }

  #zeroFrom(bytes: number): void {
    const first = Math.ceil(bytes / pageBytes);
    const beyond = new Set<number>();
    for (const index of this.#durable.keys()) if (index >= first) beyond.add(index);
    for (const pages of this.#layers()) for (const index of pages.keys()) if (index >= first) beyond.add(index);
    for (const index of beyond) this.#dirty.set(index, { bytes: zeroPage, dirty: allSectors });
    const offset = bytes % pageBytes;
    const last = Math.floor(bytes / pageBytes);
    if (offset !== 0 && this.#visible(last) !== undefined) this.#patch(last, offset, zeroPage.subarray(offset));
  }

  /** Gives what the disk holds its size after a crash; bytes beyond it are gone for good. */
  #cut(size: number): void {
    for (const index of this.#durable.keys()) if (index * pageBytes >= size) this.#durable.delete(index);
    const offset = size % pageBytes;
    if (offset !== 0) this.#durable.get(Math.floor(size / pageBytes))?.fill(0, offset);
    this.#durableSize = size;
  }

  #sizeAfterCrash(kept: number, sizes: readonly number[]): number {
    if (kept === 0) return this.#durableSize;
    if (kept === 1) return this.#size;
    if (this.#size > this.#durableSize && this.#prng.chance(0.25)) {
      return this.#durableSize + this.#prng.below(this.#size - this.#durableSize + 1);
    }
    return this.#prng.pick(sizes);
  }

  #someOf(sectors: number, probability: number): number {
    if (probability === 0 || sectors === 0) return 0;
    if (probability === 1) return sectors;
    let some = 0;
    for (let sector = 0; sector < sectorsPerPage; sector++) {
      const bit = 1 << sector;
      if ((sectors & bit) !== 0 && this.#prng.chance(probability)) some |= bit;
    }
    return some;
  }
}

/** Bits of the sectors that a range of a page touches; the range may reach beyond the page. */
function sectorsBetween(from: number, to: number): number {
  const first = Math.max(0, Math.floor(from / sectorBytes));
  const last = Math.min(sectorsPerPage, Math.ceil(to / sectorBytes));
  return first < last ? ((1 << (last - first)) - 1) << first : 0;
}
