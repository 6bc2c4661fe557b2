/** Brings a store's state into memory as opening it would, but goes on where that stops, and writes down why. */
import { isCairnError, toCairnError, type CairnError } from '../../../../base/errors.js';
import { poolId, printPgId, type PgId } from '../../../../cluster/ids.js';
import { xxh64 } from '../../../../base/xxh64.js';
import type { Kv } from '../../../../runtime/kv.js';
import type { StoreState } from '../../apply/draft.js';
import { decodeCheckpointRecord, markersMax, type CheckpointRecord } from '../../checkpoint/checkpoint-record.js';
import { entriesOf } from '../../checkpoint/load.js';
import { checkpointKey, logBlockKey, newestCheckpointKey, numberOfKey, pgOfKey } from '../../format/index-key.js';
import { Index } from '../../index/index.js';
import { storeSeed, type Superblock } from '../../format/superblock.js';
import type { ReadBatch } from '../../log/batch-reader.js';
import type { SegmentFiles } from '../../log/segment-files.js';
import type { LogPosition } from '../../log/log-writer.js';
import { replay } from '../../log/replay.js';
import { decodeLogBlock, type PackedEntry } from '../../pg/log-block.js';
import { decodePgRecord, PgState, type LogBlockInfo } from '../../pg/pg-state.js';
import { PgTable } from '../../pg/pg-table.js';
import { decodeSegmentInfo, SegmentTable } from '../../segments/segment-table.js';
import { positionOf } from '../offline-store.js';
import type { Findings } from './finding.js';
import type { Repairs } from './repairs.js';
import { showKey } from '../../../../runtime/kv-seal.js';

export interface LoadedForCheck {
  readonly state: StoreState;
  readonly checkpoint: CheckpointRecord;
  readonly position: LogPosition;
  /** Batches behind the checkpoint. */
  readonly batches: number;
  /** Replayed last; it may not be durable. */
  readonly lastBatch: ReadBatch | undefined;
  /** False: the log could not be followed to its end, and `state` is that of `position`. */
  readonly isComplete: boolean;
}

const readCacheBytes = 32 * 1024 * 1024;

/** `undefined` when there is no checkpoint to begin with. */
export async function loadForCheck(
  kv: Kv,
  superblock: Superblock,
  files: SegmentFiles,
  findings: Findings,
  repairs: Repairs,
): Promise<LoadedForCheck | undefined> {
  const checkpoint = await loadCheckpoint(kv, findings);
  if (checkpoint === undefined) return undefined;
  const index = new Index(kv, readCacheBytes);
  const segments = new SegmentTable(superblock.segments);
  const pgs = new PgTable(index);
  const counters = { nextShared: checkpoint.nextShared, boot: checkpoint.boot };
  const state: StoreState = { index, segments, pgs, counters };
  await loadSegments(kv, segments, findings);
  await loadPgs(kv, pgs, findings, repairs);
  let position = positionOf(checkpoint);
  let lastBatch: ReadBatch | undefined;
  let isComplete = true;
  try {
    await replay(state, files, {
      storeSeed: storeSeed(superblock),
      segmentBytes: superblock.segmentBytes,
      from: position,
      durableBatch: checkpoint.durableBatch,
      afterBatch: async (after, batch) => {
        position = after;
        lastBatch = batch;
      },
    });
  } catch (error) {
    // Transactions take effect whole or not at all: what was replayed until here can be checked.
    // An account that is wrong may break an invariant of the replay: that is a finding here, not a bug.
    findings.add('log-corrupt', toCairnError(error).message);
    isComplete = false;
  }
  pgs.flush();
  const batches = position.number - checkpoint.batch;
  return { state, checkpoint, position, lastBatch, batches, isComplete };
}

async function loadCheckpoint(kv: Kv, findings: Findings): Promise<CheckpointRecord | undefined> {
  try {
    const stored = await kv.get(newestCheckpointKey);
    if (stored === undefined) {
      findings.add('checkpoint', 'the index holds no checkpoint');
      return undefined;
    }
    const record = decodeCheckpointRecord(stored);
    await checkMarkers(kv, record, xxh64(stored), findings);
    return record;
  } catch (error) {
    if (!isCairnError(error, 'PARSE_ERROR') && !isCairnError(error, 'CORRUPT')) throw error;
    findings.add('checkpoint', `the newest checkpoint cannot be read: ${error.message}`);
    return undefined;
  }
}

async function checkMarkers(kv: Kv, record: CheckpointRecord, checksum: bigint, findings: Findings): Promise<void> {
  const first = Math.max(1, record.number - markersMax + 1);
  const found = new Set<number>();
  for await (const { key, value } of entriesOf(kv, 'c')) {
    if (key.length !== 9 || value.byteLength !== 8) {
      findings.add('index-malformed', 'the marker of a checkpoint is malformed', { key: showKey(key) });
      continue;
    }
    const number = numberOfKey(key);
    found.add(number);
    if (number > record.number) findings.add('checkpoint-marker', `checkpoint ${number} is missing but for its marker`);
    if (number < first) findings.add('checkpoint-marker', `the marker of checkpoint ${number} should be gone by now`);
    const marked = new DataView(value.buffer, value.byteOffset).getBigUint64(0, true);
    if (number === record.number && marked !== checksum) {
      findings.add('checkpoint-marker', `checkpoint ${number} is not the one that its marker names`);
    }
  }
  for (let number = first; number <= record.number; number++) {
    if (found.has(number)) continue;
    const key = showKey(checkpointKey(number));
    findings.add('checkpoint-marker', `the marker of checkpoint ${number} is missing`, { key });
  }
}

async function loadSegments(kv: Kv, table: SegmentTable, findings: Findings): Promise<void> {
  for await (const { key, value } of entriesOf(kv, 'g')) {
    const segment = key.length === 5 ? numberOfKey(key) : Number.MAX_SAFE_INTEGER;
    try {
      const info = decodeSegmentInfo(value);
      if (segment < table.count) table.load(segment, info);
      else findings.add('index-malformed', 'a segment that the store does not have', { key: showKey(key) });
    } catch (error) {
      malformed(findings, key, error);
    }
  }
}

async function loadPgs(kv: Kv, table: PgTable, findings: Findings, repairs: Repairs): Promise<void> {
  for await (const { key, value } of entriesOf(kv, 'q')) {
    try {
      const { pool, pg } = pgOfKey(key);
      if (key.length !== 9 || pool < 1 || pool >= 2 ** 31 || pg >= 2 ** 31) {
        findings.add('index-malformed', 'the key of a PG record is malformed', { key: showKey(key) });
        continue;
      }
      const id = { pool: poolId(pool), pg };
      const record = decodePgRecord(value);
      const last = record.blocks.at(-1);
      let tail: readonly PackedEntry[] = [];
      if (last !== undefined && last.entries > 0) {
        const block = await kv.get(logBlockKey(id, last.first));
        if (block === undefined) {
          const name = printPgId(id);
          findings.add('log-block-missing', `the last block of the log of PG ${name} is missing`, { pg: name });
        } else {
          tail = decodeLogBlock(block);
          checkTail(id, last, tail, findings, repairs);
        }
      }
      table.load(new PgState(id, record, tail));
    } catch (error) {
      malformed(findings, key, error);
    }
  }
}

/** Of the last block, the store believes the block, not its record: so it is only here that the two meet. */
function checkTail(
  pg: PgId,
  info: LogBlockInfo,
  tail: readonly PackedEntry[],
  findings: Findings,
  repairs: Repairs,
): void {
  const bytes = tail.reduce((sum, entry) => sum + entry.bytes.byteLength, 0);
  if (info.entries === tail.length && info.bytes === bytes) return;
  const name = printPgId(pg);
  const said = `${info.entries} entries of ${info.bytes} bytes`;
  const message = `the last block of PG ${name} holds ${tail.length} entries of ${bytes} bytes, not ${said}`;
  findings.add('log-block-info', message, { pg: name });
  repairs.rewritePg(name, pg);
}

export function malformed(findings: Findings, key: string, error: unknown): void {
  if (isCairnError(error, 'CORRUPT')) {
    // A value that another key needed; its own key is in the message.
    addDamagedValue(findings, error, key);
    return;
  }
  if (!isCairnError(error, 'PARSE_ERROR')) throw error;
  findings.add('index-malformed', error.message, { key: showKey(key) });
}

/** `error` is the `CORRUPT` of a value, which names its key. */
export function addDamagedValue(findings: Findings, error: CairnError, key = ''): void {
  const named = error.details['key'];
  findings.add('index-value', error.message, { key: typeof named === 'string' ? named : showKey(key) });
}
