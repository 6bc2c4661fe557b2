/** Opens a store: last checkpoint, log behind it, then a batch of its own, so that no batch number is ever used twice. */
import { CairnError, isCairnError } from '../../base/errors.js';
import type { Kv } from '../../runtime/kv.js';
import type { Runtime } from '../../runtime/runtime.js';
import { readWholeFile, writeFileDurably } from '../../runtime/whole-file.js';
import type { StoreState } from './apply/draft.js';
import type { CheckpointRecord } from './checkpoint/checkpoint-record.js';
import { Checkpointer } from './checkpoint/checkpointer.js';
import { describeIndexError, loadCheckpointRecord, loadPgs, loadSegments } from './checkpoint/load.js';
import { headNames, type BatchPlace } from './format/batch-header.js';
import { openRecord } from './format/record.js';
import {
  decodeSuperblock,
  encodeSuperblock,
  renewed,
  showUuid,
  storeSeed,
  superblockName,
  type Superblock,
} from './format/superblock.js';
import { Absence } from './index/absence.js';
import { Index } from './index/index.js';
import { pageBytes } from './limits.js';
import { moveHeads, type LogPosition } from './log/log-writer.js';
import { OpenBatch } from './log/open-batch.js';
import { goPastRot } from './log/past-rot.js';
import { type LogEnd, type PastRotStep, replay, type ReplayResult } from './log/replay.js';
import { SegmentFiles } from './log/segment-files.js';
import { SlabPool } from './log/slabs.js';
import { writeAgain } from './log/write-again.js';
import { indexDirectory } from './mkfs.js';
import { PgTable } from './pg/pg-table.js';
import { Ballast } from './space/ballast.js';
import { SegmentTable } from './segments/segment-table.js';
import { resolveStoreOptions, type ResolvedStoreOptions, type StoreOptions } from './store-options.js';
import { Store } from './store.js';

const superblockBytesMax = 64 * 1024;

/**
 * Errors: `NOT_FOUND` (no store there), `LOCKED` (a process has it open), `CONFLICT` (another disk than expected),
 * `CORRUPT` and `LOG_CORRUPT` (with the command that helps), `UNSUPPORTED` (made by a later version).
 */
export async function openStore(runtime: Runtime, directory: string, options: StoreOptions = {}): Promise<Store> {
  const resolved = resolveStoreOptions(options);
  const superblock = await readSuperblock(runtime, directory);
  if (options.expectedUuid !== undefined && options.expectedUuid !== showUuid(superblock.uuid)) {
    const found = showUuid(superblock.uuid);
    const message = `${directory} holds store ${found}, not ${options.expectedUuid}: a disk is in the wrong place`;
    throw new CairnError('CONFLICT', `${message}; check the mounts of this OSD`);
  }
  const kv = await openIndex(runtime, directory, resolved);
  const files = new SegmentFiles(runtime, directory, superblock);
  try {
    return await recover(runtime, directory, superblock, resolved, kv, files);
  } catch (error) {
    await files.close();
    await kv.close();
    throw describeIndexError(error, directory);
  }
}

export async function readSuperblock({ disk }: Runtime, directory: string): Promise<Superblock> {
  const path = `${directory}/${superblockName}`;
  try {
    return decodeSuperblock(await readWholeFile(disk, path, superblockBytesMax), path);
  } catch (error) {
    if (!isCairnError(error, 'NOT_FOUND')) throw error;
    throw new CairnError('NOT_FOUND', `${directory} holds no OSD's store; make one with cairn osd mkfs`, {
      cause: error,
    });
  }
}

/** Never makes one: an index that is missing is damage, not a fresh start. */
export async function openIndex(runtime: Runtime, directory: string, options: ResolvedStoreOptions): Promise<Kv> {
  try {
    return await runtime.kv.open(`${directory}/${indexDirectory}`, {
      createIfMissing: false,
      cacheBytes: options.kvCacheBytes,
      writeBufferBytes: options.kvWriteBufferBytes,
      fileBytesMax: options.kvWriteBufferBytes,
    });
  } catch (error) {
    throw describeIndexError(error, directory);
  }
}

export interface LoadedState {
  readonly state: StoreState;
  readonly checkpoint: CheckpointRecord;
}

/** The store as its last checkpoint has it; the log is not looked at, and nothing is written. */
export async function loadState(
  kv: Kv,
  directory: string,
  superblock: Superblock,
  readCacheBytes: number,
  absence?: Absence,
  limits: Pick<StoreState, 'extentsMax' | 'bulkBytesMin'> = {},
): Promise<LoadedState> {
  const checkpoint = await loadCheckpointRecord(kv, directory);
  const index = new Index(kv, readCacheBytes, absence);
  const segments = new SegmentTable(superblock.segments);
  const pgs = new PgTable(index);
  const counters = { nextShared: checkpoint.nextShared, boot: checkpoint.boot };
  await loadSegments(kv, segments);
  await loadPgs(kv, pgs, directory);
  return { state: { ...limits, index, segments, pgs, counters }, checkpoint };
}

async function recover(
  runtime: Runtime,
  directory: string,
  superblock: Superblock,
  options: ResolvedStoreOptions,
  kv: Kv,
  files: SegmentFiles,
): Promise<Store> {
  const absence = new Absence(runtime, kv);
  const { readCacheBytes, chunkExtentsMax: extentsMax, bulkBytesMin } = options;
  const limits = { extentsMax, bulkBytesMin };
  const { state, checkpoint } = await loadState(kv, directory, superblock, readCacheBytes, absence, limits);
  state.index.startAbsence();
  const ballast = new Ballast(runtime, directory, superblock.capacityBytes);
  await ballast.open();
  const checkpointer = new Checkpointer(runtime, state, checkpoint, ballast);
  let own = superblock;
  const past = options.pastRot;
  const pastRot =
    past &&
    (async (end: LogEnd, rot: CairnError): Promise<LogPosition> => {
      // First of all: once the log is whole again, nothing else tells that this store is not what it was.
      own = renewed(superblock, runtime.random.bytes(16));
      await writeFileDurably(runtime.disk, directory, superblockName, encodeSuperblock(own));
      return await leavePast(runtime, own, state, files, checkpointer, end, { ...past, rot });
    });
  const replayed = await replayLog(runtime, superblock, options, state, files, checkpointer, pastRot);
  const { counters } = state;
  const covered = checkpointer.last.batch;
  const position = await writeOpening(runtime, superblock, state, files, replayed.position, covered);
  runtime.log.info(
    { store: showUuid(superblock.uuid), batches: replayed.batches, bytes: replayed.bytes, boot: counters.boot },
    'store opened',
  );
  return new Store(runtime, {
    superblock: own,
    options,
    state,
    files,
    checkpoint: checkpointer.last,
    position,
    replayedBatches: replayed.batches,
    absence,
    ballast,
  });
}

async function replayLog(
  runtime: Runtime,
  superblock: Superblock,
  options: ResolvedStoreOptions,
  state: StoreState,
  files: SegmentFiles,
  checkpointer: Checkpointer,
  pastRot: PastRotStep | undefined,
): Promise<ReplayResult> {
  const { batch, batchChecksum, heads, durableBatch } = checkpointer.last;
  const from = { number: batch, checksum: batchChecksum, heads };
  const result = await replay(state, files, {
    storeSeed: storeSeed(superblock),
    segmentBytes: superblock.segmentBytes,
    from,
    durableBatch,
    pastRot,
    afterBatch: async (position, batch) => {
      if (state.index.active.bytes < options.layerBytesMax) return;
      await writeAgain(runtime, files, batch);
      checkpointer.freeze(position);
      await checkpointer.write(position.number);
    },
  });
  if (result.last !== undefined) await writeAgain(runtime, files, result.last);
  return result;
}

/** Goes on behind a hole in the log, and writes a checkpoint of that: nobody meets the hole again. */
async function leavePast(
  runtime: Runtime,
  superblock: Superblock,
  state: StoreState,
  files: SegmentFiles,
  checkpointer: Checkpointer,
  end: LogEnd,
  { unfinishedKeys, rot }: { readonly unfinishedKeys: readonly string[]; readonly rot: CairnError },
): Promise<LogPosition> {
  const { batch: covered, durableBatch } = checkpointer.last;
  const past = await goPastRot(state, files, end.position, {
    storeSeed: storeSeed(superblock),
    segmentBytes: superblock.segmentBytes,
    durableBatch,
    unfinishedKeys,
    nextSegment: async (at) => {
      const next = await prepareNext(state, files, at, covered);
      if (next === undefined) throw rot;
      return next;
    },
  });
  for (const batch of [end.last, past.last]) if (batch !== undefined) await writeAgain(runtime, files, batch);
  checkpointer.freeze(past.position);
  await checkpointer.write(past.position.number);
  const { found, pgs } = past;
  runtime.log.error(
    { err: rot, lastGood: end.position.number, found, pgs },
    'the log lost batches: this store has less than it promised to keep, and counts as a new one from now on',
  );
  return past.position;
}

/**
 * The first batch of this opening: an empty one, in place of what an interrupted process may have left there. What follows
 * has higher numbers than anything torn, so no torn payload can ever pass for a later batch's.
 */
async function writeOpening(
  runtime: Runtime,
  superblock: Superblock,
  state: StoreState,
  files: SegmentFiles,
  position: LogPosition,
  covered: number,
): Promise<LogPosition> {
  const seed = storeSeed(superblock);
  // Named first: then even the last page of a segment may be used.
  const hotNext = position.heads.hotNext ?? (await prepareNext(state, files, position, covered));
  const place = placesOf(position).find(({ offset }) => offset + pageBytes <= superblock.segmentBytes);
  if (place === undefined) throw new CairnError('NO_SPACE', 'no segment of the log has room for another batch');
  const boot = state.counters.boot + 1;
  const record = openRecord(boot, runtime.random);
  const name = headNames.find((one) => position.heads[one] === place);
  const isCold = name === 'cold' || name === 'coldNext';
  const batch = new OpenBatch({
    storeSeed: seed,
    number: position.number + 1,
    place,
    isCold,
    slabs: new SlabPool(runtime.memory),
  });
  batch.add(record, []);
  const after: BatchPlace = { ...place, offset: place.offset + batch.pagedBytes };
  const heads = {
    ...position.heads,
    ...(isCold ? { cold: after } : { hot: after }),
    hotNext: name === 'hotNext' ? undefined : hotNext,
    ...(name === 'coldNext' ? { coldNext: undefined } : {}),
  };
  const { bytes, checksum } = batch.seal(position.checksum, heads);
  const file = await runtime.disk.open(files.path(place.segment), { mode: 'write', durableWrites: true });
  try {
    await file.write(bytes, place.offset);
  } finally {
    await file.close();
  }
  moveHeads(state.segments, position.heads, heads, batch.number);
  state.segments.wrote(place.segment, batch.number, after.offset);
  state.counters.boot = boot;
  return { number: batch.number, checksum, heads };
}

/** A segment for the log to go on in, where the last header names none. */
async function prepareNext(
  state: StoreState,
  files: SegmentFiles,
  position: LogPosition,
  covered: number,
): Promise<BatchPlace | undefined> {
  const taken = new Set(placesOf(position).map(({ segment }) => segment));
  const segment = state.segments.firstFree(covered, taken);
  if (segment === undefined) return undefined;
  const generation = await files.prepare(segment, state.segments.generation(segment), position.number, false);
  return { segment, generation, offset: pageBytes };
}

function placesOf({ heads }: LogPosition): BatchPlace[] {
  return headNames.flatMap((name) => heads[name] ?? []);
}
