/**
 * How full the store is. What counts is what is live: dead bytes are the cleaner's to win back. A reserve of segments is
 * kept for deletes and for the cleaner, so that both work on a store that is full.
 */
import { CairnError } from '../../../base/errors.js';
import type { SegmentPool } from '../segments/segment-pool.js';
import type { SegmentTable } from '../segments/segment-table.js';
import { pageBytes } from '../limits.js';
import type { ResolvedStoreOptions, SpaceLevel } from '../store-options.js';

/** `wait`: the cleaner has to free segments first. */
export type Admission = 'admit' | 'wait' | 'full';

const reservedMin = 4;
const reservedShare = 0.02;

export interface SpaceReport {
  readonly level: SpaceLevel;
  /** Bytes of live payload that the store can take in all. */
  readonly usableBytes: number;
  readonly liveBytes: number;
  /** In segments, but nobody's any more, or never used as payload. */
  readonly deadBytes: number;
  readonly freeSegments: number;
  readonly segments: number;
}

/** What others know of the room that there is. */
export interface SpaceSurroundings {
  /** The cleaner has a segment that is worth its while, or is at work on one. */
  readonly canClean: () => boolean;
  /** Payloads that nobody wants any more are being let go of, slice by slice. */
  readonly isReleasing: () => boolean;
  /** The file system has less room than the store was promised: somebody else's files are on it, perhaps. */
  readonly isFileSystemFull: () => boolean;
}

export class Space {
  readonly #table: SegmentTable;
  readonly #pool: SegmentPool;
  readonly #segmentBytes: number;
  readonly #options: ResolvedStoreOptions;
  /** Segments for deletes and cleaning only. */
  readonly reserved: number;
  readonly usableBytes: number;
  readonly #liveBytesMax: number;
  #level: SpaceLevel = 'ok';
  #freeSegments = 0;
  readonly #surroundings: SpaceSurroundings;
  #canWin = true;

  constructor(
    table: SegmentTable,
    pool: SegmentPool,
    segmentBytes: number,
    options: ResolvedStoreOptions,
    surroundings: SpaceSurroundings,
  ) {
    this.#surroundings = surroundings;
    this.#table = table;
    this.#pool = pool;
    this.#segmentBytes = segmentBytes;
    this.#options = options;
    this.reserved = reservedSegments(table.count);
    this.usableBytes = Math.max(1, table.count - this.reserved) * (segmentBytes - pageBytes);
    this.#liveBytesMax = options.fullRatio * this.usableBytes;
  }

  get freeSegments(): number {
    return this.#freeSegments;
  }

  /** The cleaner has to work, and checkpoints to come soon: few segments are free. */
  get isShort(): boolean {
    return this.#freeSegments < this.#keptSegments;
  }

  /** Free segments that the store can do without for now. */
  get spareSegments(): number {
    return Math.max(0, this.#freeSegments - this.#keptSegments - 1);
  }

  get #keptSegments(): number {
    return this.reserved + Math.max(2, Math.ceil(this.#table.count / 20));
  }

  get level(): SpaceLevel {
    return this.#level;
  }

  /** Counts the free segments again: after a checkpoint, and whenever one was taken. */
  recount(): void {
    this.#freeSegments = this.#pool.freeCount();
    this.#canWin = this.#surroundings.canClean() || this.#pool.willFree();
    this.#update();
  }

  /** A segment was taken: cheaper than counting all of them. */
  tookSegment(): void {
    this.#freeSegments = Math.max(0, this.#freeSegments - 1);
  }

  admits(bytes: number, onlyFrees: boolean): Admission {
    if (onlyFrees) return 'admit';
    if (this.#surroundings.isFileSystemFull()) return 'full';
    if (this.#table.liveBytes + bytes > this.#liveBytesMax) return this.#surroundings.isReleasing() ? 'wait' : 'full';
    if (this.#freeSegments > this.reserved) return 'admit';
    // Counted lately, but a client is refused only by what is true now.
    if (!this.#canWin) this.recount();
    if (this.#freeSegments > this.reserved) return 'admit';
    return this.#canWin ? 'wait' : 'full';
  }

  /** Why a client's write is refused, and what to do. */
  refusal(): CairnError {
    if (this.#surroundings.isFileSystemFull() || this.#pool.lacksRoom) {
      const message = "the file system of the OSD's disk has less room than the store was made for";
      return new CairnError('NO_SPACE', `${message}; remove what else is on it, or delete objects`);
    }
    const { liveBytes } = this.#table;
    const share = Math.round((100 * liveBytes) / this.usableBytes);
    const message = `the OSD's disk is full: ${liveBytes} of ${this.usableBytes} usable bytes (${share} %) are in use`;
    return new CairnError('NO_SPACE', `${message}; delete something, or add OSDs`);
  }

  report(): SpaceReport {
    this.recount();
    const liveBytes = this.#table.liveBytes;
    const inUse = (this.#table.count - this.#freeSegments) * this.#segmentBytes;
    return {
      level: this.#level,
      usableBytes: this.usableBytes,
      liveBytes,
      deadBytes: Math.max(0, inUse - liveBytes),
      freeSegments: this.#freeSegments,
      segments: this.#table.count,
    };
  }

  #update(): void {
    const isExhausted = this.#surroundings.isFileSystemFull() || (this.#freeSegments <= this.reserved && !this.#canWin);
    const ratio = isExhausted ? 1 : this.#table.liveBytes / this.usableBytes;
    const { fullRatio, backfillfullRatio, nearfullRatio } = this.#options;
    const level: SpaceLevel =
      ratio >= fullRatio
        ? 'full'
        : ratio >= backfillfullRatio
          ? 'backfillfull'
          : ratio >= nearfullRatio
            ? 'nearfull'
            : 'ok';
    if (level === this.#level) return;
    this.#level = level;
    this.#options.onSpaceLevel?.(level);
  }
}

export function reservedSegments(segments: number): number {
  return Math.max(reservedMin, Math.ceil(segments * reservedShare));
}
