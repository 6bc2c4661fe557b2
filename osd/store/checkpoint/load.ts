/** Reads the state of a store from its last checkpoint, and finds what LevelDB may have lost of it. */
import { CairnError, isCairnError } from '../../../base/errors.js';
import { poolId } from '../../../cluster/ids.js';
import { xxh64 } from '../../../base/xxh64.js';
import type { Kv } from '../../../runtime/kv.js';
import {
  checkpointKey,
  logBlockKey,
  newestCheckpointKey,
  numberOfKey,
  pgOfKey,
  prefixRange,
} from '../format/index-key.js';
import { decodeLogBlock } from '../pg/log-block.js';
import { decodePgRecord, PgState } from '../pg/pg-state.js';
import type { PgTable } from '../pg/pg-table.js';
import { decodeSegmentInfo, type SegmentTable } from '../segments/segment-table.js';
import { decodeCheckpointRecord, markersMax, type CheckpointRecord } from './checkpoint-record.js';

/** The newest checkpoint. `CORRUPT` when there is none, or when LevelDB lost one. */
export async function loadCheckpointRecord(kv: Kv, directory: string): Promise<CheckpointRecord> {
  const stored = await kv.get(newestCheckpointKey);
  if (stored === undefined) throw corruptIndex(directory, 'it holds no checkpoint');
  const record = decodeCheckpointRecord(stored);
  const first = Math.max(1, record.number - markersMax + 1);
  for (let number = record.number; number >= first; number--) {
    const marker = await kv.get(checkpointKey(number));
    if (marker === undefined) throw corruptIndex(directory, `the marker of checkpoint ${number} is missing`);
    if (number === record.number && viewU64(marker) !== xxh64(stored)) {
      throw corruptIndex(directory, `checkpoint ${number} is not the one that its marker names`);
    }
  }
  const later = await kv.get(checkpointKey(record.number + 1));
  if (later !== undefined)
    throw corruptIndex(directory, `checkpoint ${record.number + 1} is missing but for its marker`);
  return record;
}

export async function loadSegments(kv: Kv, table: SegmentTable): Promise<void> {
  for await (const { key, value } of entriesOf(kv, 'g')) table.load(numberOfKey(key), decodeSegmentInfo(value));
}

export async function loadPgs(kv: Kv, table: PgTable, directory: string): Promise<void> {
  for await (const { key, value } of entriesOf(kv, 'q')) {
    const { pool, pg } = pgOfKey(key);
    const id = { pool: poolId(pool), pg };
    const record = decodePgRecord(value);
    const last = record.blocks.at(-1);
    if (last === undefined || last.entries === 0) {
      table.load(new PgState(id, record, []));
      continue;
    }
    const block = await kv.get(logBlockKey(id, last.first));
    if (block === undefined)
      throw corruptIndex(directory, `the last log block of PG ${pool}.${pg.toString(16)} is missing`);
    table.load(new PgState(id, record, decodeLogBlock(block)));
  }
}

export function corruptIndex(directory: string, why: string): CairnError {
  const message = `the index of the store in ${directory} is damaged: ${why}`;
  return new CairnError(
    'CORRUPT',
    `${message}; run cairn osd fsck --dir ${directory}, or remove the OSD and rebuild it`,
  );
}

/** For errors of LevelDB itself while a store is opened. */
export function describeIndexError(error: unknown, directory: string): unknown {
  if (isCairnError(error, 'NOT_FOUND')) return corruptIndex(directory, 'its directory is missing or empty');
  if (isCairnError(error, 'PARSE_ERROR')) return corruptIndex(directory, error.message);
  return error;
}

export async function* entriesOf(kv: Kv, prefix: string): AsyncGenerator<{ key: string; value: Uint8Array }> {
  const iterator = kv.iterate(prefixRange(prefix));
  try {
    for (;;) {
      const entries = await iterator.next(1_000);
      if (entries.length === 0) return;
      yield* entries;
    }
  } finally {
    await iterator.close();
  }
}

function viewU64(bytes: Uint8Array): bigint {
  return bytes.byteLength < 8 ? 0n : new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
}

export function markerValue(record: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, xxh64(record), true);
  return bytes;
}
