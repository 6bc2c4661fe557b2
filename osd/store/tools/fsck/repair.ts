/**
 * Writes what fsck found to be mendable, as one checkpoint of the store: atomic and synced, with what was replayed of the
 * log. Keys and counts change; payloads never do.
 */
import type { Runtime } from '../../../../runtime/runtime.js';
import type { StoreState } from '../../apply/draft.js';
import { Checkpointer } from '../../checkpoint/checkpointer.js';
import type { CheckpointRecord } from '../../checkpoint/checkpoint-record.js';
import { logBlockKey, sharedKey } from '../../format/index-key.js';
import { encodePayloadOwner } from '../../format/payload-owner.js';
import { decodeSharedPayload, encodeSharedPayload } from '../../format/shared-payload.js';
import type { ReadBatch } from '../../log/batch-reader.js';
import type { LogPosition } from '../../log/log-writer.js';
import type { SegmentFiles } from '../../log/segment-files.js';
import { writeAgain } from '../../log/write-again.js';
import { decodeLogBlock } from '../../pg/log-block.js';
import { PgState } from '../../pg/pg-state.js';
import type { Accounts } from './accounts.js';
import type { PgRepair, Repairs } from './repairs.js';

export interface RepairParts {
  readonly state: StoreState;
  readonly files: SegmentFiles;
  readonly checkpoint: CheckpointRecord;
  readonly position: LogPosition;
  readonly lastBatch: ReadBatch | undefined;
  readonly repairs: Repairs;
  readonly accounts: Accounts;
  /** Live bytes as the store would count them (`settle`). */
  readonly settled: Float64Array;
}

/** Throws what the disk throws: the store is then as it was. */
export async function repairStore(runtime: Runtime, parts: RepairParts): Promise<void> {
  const { state, files, checkpoint, position, lastBatch, repairs, accounts, settled } = parts;
  const { index, segments, counters } = state;
  // A checkpoint must not cover what is in the page cache only.
  if (lastBatch !== undefined) await writeAgain(runtime, files, lastBatch);
  for (const key of repairs.removed) index.delete(key);
  for (const [key, owner] of repairs.owners) index.put(key, encodePayloadOwner(owner));
  for (const [id, references] of repairs.references) {
    const stored = await index.get(sharedKey(id));
    if (stored === undefined) continue;
    index.put(sharedKey(id), encodeSharedPayload({ ...decodeSharedPayload(stored), references }));
  }
  for (const pg of repairs.rewritten.values()) state.pgs.change(pg);
  for (const repair of repairs.pgs.values()) await repairPg(state, repair);
  settled.forEach((counted, segment) => {
    segments.addLive(segment, (accounts.live[segment] ?? 0) - counted, position.number);
  });
  counters.nextShared = repairs.nextShared ?? counters.nextShared;
  const checkpointer = new Checkpointer(runtime, state, checkpoint);
  checkpointer.freeze(position);
  await checkpointer.write(position.number);
}

async function repairPg({ index, pgs }: StoreState, { pg, record }: PgRepair): Promise<void> {
  const last = record.blocks.at(-1);
  const stored = last === undefined || last.entries === 0 ? undefined : await index.get(logBlockKey(pg, last.first));
  pgs.load(new PgState(pg, record, stored === undefined ? [] : decodeLogBlock(stored)));
  // Marks it as changed, so that the checkpoint writes it.
  pgs.change(pg);
}
