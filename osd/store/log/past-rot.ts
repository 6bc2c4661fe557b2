/**
 * Goes on behind a hole in the log: batches that were durable once and are not whole any more. What comes after the hole is
 * used as far as it stands on what is there, PG by PG:
 *
 *     PG 1:  7 8 9 │ hole │ 10 11     entry 10 follows 9 in its term: nothing of the PG was in the hole
 *     PG 2:  4 5   │ hole │ 7 8       6 was: 7 and 8 are not applied, and are known to be lost
 *     PG 3:  2 3   │ hole │           something may have been in it or not
 *
 * So each PG's copy is what it was at some point of its own history. That makes it no copy for others to rely on: who goes this
 * way takes a new name in the cluster (`renewed`), and joins again (PG-PROTOCOL.md section 1).
 *
 * Moves and merges of payloads say themselves where they hold, and nothing of what the index points to was recycled since its
 * last checkpoint: so payloads stay where they are found, whatever was lost of their moves.
 */
import { type PgId, printPgId } from '../../../cluster/ids.js';
import type { StoreState } from '../apply/draft.js';
import { applyTransaction } from '../apply/apply-transaction.js';
import { look } from '../apply/look.js';
import { type BatchHeader, type BatchPlace, headNames, type LogHeads } from '../format/batch-header.js';
import type { ObjectVersion } from '../format/object-head.js';
import { pgValueKey } from '../format/index-key.js';
import { batchSeed } from '../format/payload-ref.js';
import { blockShiftMin, pageBytes } from '../limits.js';
import { isShadowPool } from '../parked/parked-place.js';
import { encodeLostTail, lostObjectsMax, lostTailKey } from '../pg/lost-tail.js';
import type { PayloadSize, Transaction } from '../transaction.js';
import { type BatchFrame, readBatch, type ReadBatch, verifies } from './batch-reader.js';
import { type LogPosition, moveHeads } from './log-writer.js';
import { applyFrame } from './replay.js';
import { readBatches } from './segment-batches.js';
import type { SegmentFiles } from './segment-files.js';

/**
 * Numbers that are passed over: whatever stands in a segment of what was lost has a lower one than all that is written from now
 * on. More than any store writes between two checkpoints, and two million times less than a number may be.
 */
export const batchNumberLeap = 2 ** 32;

export interface PastRotOptions {
  readonly storeSeed: bigint;
  readonly segmentBytes: number;
  /** The log was durable up to this batch. */
  readonly durableBatch: number;
  /** Values of a PG that is in the middle of something: its entries alone do not tell whether anything is missing. */
  readonly unfinishedKeys: readonly string[];
  /** A segment for the log to go on in. */
  readonly nextSegment: (position: LogPosition) => Promise<BatchPlace>;
}

export interface PastRot {
  /** Where the log goes on; the state is as of there, and to be written down before anything else is. */
  readonly position: LogPosition;
  /** The newest batch behind the hole. It may not be durable: `writeAgain`. */
  readonly last: ReadBatch | undefined;
  /** Batches behind the hole that were found. */
  readonly found: number;
  /** PGs of which something is known to be lost, of which something may be, and of which nothing is. */
  readonly pgs: { readonly lost: number; readonly doubtful: number; readonly whole: number };
}

interface FoundBatch {
  readonly header: BatchHeader;
  readonly checksum: bigint;
}

export async function goPastRot(
  state: StoreState,
  files: SegmentFiles,
  position: LogPosition,
  options: PastRotOptions,
): Promise<PastRot> {
  const { batches, isAllThere } = await findBatches(files, position, options);
  const tail = new Tail(state, options);
  let { heads } = position;
  let number = position.number;
  let last: ReadBatch | undefined;
  for (const { header } of batches) {
    const { place } = header;
    if (header.number !== number + 1) tail.onHole();
    number = header.number;
    const batch = await files.read(place.segment, (file) =>
      readBatch(file, place, { ...options, verifyPayloads: false }),
    );
    if (batch === undefined) {
      tail.onHole();
      continue;
    }
    last = batch;
    moveHeads(state.segments, heads, header.heads, number);
    ({ heads } = header);
    const seed = batchSeed(options.storeSeed, number, place.segment);
    for (const frame of batch.frames) {
      const isWhole = frame.payloads.every((payload) => verifies(batch.bytes, place.offset, payload, seed));
      await tail.apply(frame, number, isWhole);
    }
    state.segments.wrote(place.segment, number, Math.ceil((place.offset + header.bytes) / pageBytes) * pageBytes);
  }
  if (!isAllThere || number < options.durableBatch) tail.onHole();
  const next = Math.max(number, options.durableBatch) + batchNumberLeap;
  const pgs = await tail.writeDown(next);
  const hotNext = await options.nextSegment({ ...position, heads });
  const after: LogHeads = { hot: undefined, hotNext, cold: undefined, coldNext: undefined };
  moveHeads(state.segments, heads, after, next);
  return {
    position: { number: next, checksum: position.checksum, heads: after },
    last,
    found: batches.length,
    pgs,
  };
}

/** Batches behind `position` whose records are whole, by number, and whether every segment was there that may hold some. */
async function findBatches(
  files: SegmentFiles,
  { number, heads }: LogPosition,
  options: PastRotOptions,
): Promise<{ readonly batches: FoundBatch[]; readonly isAllThere: boolean }> {
  const lives = new Map<string, BatchPlace>();
  const add = (from: LogHeads): void => {
    for (const place of placesOf(from)) lives.set(`${place.segment}.${place.generation}`, place);
  };
  add(heads);
  const found: FoundBatch[] = [];
  let isAllThere = true;
  // Grows while it is walked: each batch names the segments that the log may go on in.
  for (const life of lives.values()) {
    const header = await files.readHeader(life.segment);
    if (header?.generation !== life.generation) {
      isAllThere = false;
      continue;
    }
    for await (const item of readBatches(files, life, { ...options, verifyPayloads: false })) {
      if (item.kind === 'gap' || item.batch.header.number <= number) continue;
      found.push({ header: item.batch.header, checksum: item.batch.checksum });
      add(item.batch.header.heads);
    }
  }
  return { batches: chained(found), isAllThere };
}

/**
 * A batch that the one after it does not name was torn by a crash, and its number given to another: it was never durable. Where
 * the one after it is lost, two of one number cannot be told apart.
 */
function chained(found: readonly FoundBatch[]): FoundBatch[] {
  const byNumber = new Map<number, FoundBatch[]>();
  for (const one of found) byNumber.set(one.header.number, [...(byNumber.get(one.header.number) ?? []), one]);
  const isNamed = ({ header, checksum }: FoundBatch): boolean => {
    const later = byNumber.get(header.number + 1);
    return later === undefined || later.some((next) => next.header.previous === checksum);
  };
  return [...byNumber]
    .sort(([a], [b]) => a - b)
    .flatMap(([, ofNumber]) => {
      const named = ofNumber.filter(isNamed);
      return named.length === 1 ? named : [];
    });
}

interface Progress {
  readonly pg: PgId;
  /** Nothing of the PG was in one of the first so many holes. */
  holes: number;
  /** Something is missing: nothing is applied any more. */
  isCut: boolean;
  entries: number;
  newest: ObjectVersion | undefined;
  readonly objectKeys: Set<string>;
}

class Tail {
  readonly #state: StoreState;
  readonly #options: PastRotOptions;
  readonly #pgs = new Map<string, Progress>();
  #holes = 0;

  constructor(state: StoreState, options: PastRotOptions) {
    this.#state = state;
    this.#options = options;
  }

  /** From here to what comes next something may be missing, of any PG. */
  onHole(): void {
    this.#holes += 1;
  }

  async apply(frame: BatchFrame, batch: number, isWhole: boolean): Promise<void> {
    const { record } = frame;
    if (record.kind === 'open') {
      const { counters } = this.#state;
      counters.boot = Math.max(counters.boot, record.boot);
      return;
    }
    // A copy that is not whole is left alone: what it is a copy of still is where it was.
    if (record.kind !== 'transaction') {
      if (isWhole) await applyFrame(this.#state, frame, batch);
      return;
    }
    const { transaction } = record;
    const progress = this.#progress(transaction.pg);
    if (!progress.isCut && isWhole && (await this.#follows(transaction, progress))) {
      await applyFrame(this.#state, frame, batch);
      progress.holes = this.#holes;
    } else note(progress, transaction);
  }

  /** Notes with each PG what it lacks. */
  async writeDown(batch: number): Promise<PastRot['pgs']> {
    const counts = { lost: 0, doubtful: 0, whole: 0 };
    for (const { pg } of this.#state.pgs.all()) this.#progress(pg);
    // Also those of which nothing else is left.
    for (const progress of this.#pgs.values()) {
      const { pg, entries, newest, isCut, holes } = progress;
      // What is parked belongs to no copy: it is there, or it is parked anew from a copy that still has it.
      if (isShadowPool(pg.pool)) continue;
      const isExact = holes === this.#holes;
      counts[isCut ? 'lost' : isExact ? 'whole' : 'doubtful'] += 1;
      const value = encodeLostTail({ entries, newest, isExact, objectKeys: [...progress.objectKeys] });
      const mutations = [{ kind: 'pg-set' as const, key: lostTailKey, value }];
      await look(this.#state, batch, (draft) => {
        applyTransaction(draft, { pg, blockShift: blockShiftMin, mutations }, []);
        draft.commit(pg);
      });
    }
    return counts;
  }

  /** Whether nothing of the PG is missing before it. */
  async #follows(transaction: Transaction<PayloadSize>, { holes }: Progress): Promise<boolean> {
    if (this.#holes === 0) return true;
    const { pg, entry, copied, cutAfter } = transaction;
    // What the log of the PG does not tell of may have lost what came before it.
    if (entry === undefined || copied !== undefined || cutAfter !== undefined) return false;
    if (holes === this.#holes) return true;
    const { lastSeq = 0, lastTerm = 0 } = this.#state.pgs.get(pg) ?? {};
    return entry.seq === lastSeq + 1 && entry.term === lastTerm && !(await this.#isUnfinished(pg));
  }

  async #isUnfinished(pg: PgId): Promise<boolean> {
    const keys = this.#options.unfinishedKeys.map((key) => pgValueKey(pg, key));
    return await look(this.#state, 0, (draft) => keys.some((key) => draft.get(key) !== undefined));
  }

  #progress(pg: PgId): Progress {
    const name = printPgId(pg);
    let progress = this.#pgs.get(name);
    if (progress === undefined) {
      progress = { pg, holes: 0, isCut: false, entries: 0, newest: undefined, objectKeys: new Set() };
      this.#pgs.set(name, progress);
    }
    return progress;
  }
}

function note(progress: Progress, { entry, copied = [], mutations }: Transaction<PayloadSize>): void {
  progress.isCut = true;
  for (const { term, seq } of [...copied, ...(entry === undefined ? [] : [entry])]) {
    progress.entries += 1;
    progress.newest = { term, seq };
  }
  for (const mutation of mutations) {
    if ('object' in mutation && progress.objectKeys.size < lostObjectsMax) progress.objectKeys.add(mutation.object.key);
  }
}

function placesOf(heads: LogHeads): BatchPlace[] {
  return headNames.flatMap((name) => heads[name] ?? []);
}
