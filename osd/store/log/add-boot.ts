import type { Runtime } from '../../../runtime/runtime.js';
import type { StoreState } from '../apply/draft.js';
import { openRecord } from '../format/record.js';
import type { LogWriter } from './log-writer.js';
import { frameOverheadBytes } from './open-batch.js';

/** The next boot counter, in the log and in the state; on the disk with the batch. `undefined` while the log has no place for it. */
export function addBoot(
  { random }: Pick<Runtime, 'random'>,
  { counters }: Pick<StoreState, 'counters'>,
  log: Pick<LogWriter, 'place' | 'kick'>,
): { readonly boot: number; readonly batch: number } | undefined {
  const boot = counters.boot + 1;
  const record = openRecord(boot, random);
  const batch = log.place(frameOverheadBytes + record.byteLength);
  if (batch === undefined) return undefined;
  batch.add(record, []);
  // In the step that adds the record: a checkpoint is only cut at the end of a batch, so it has both or neither.
  counters.boot = boot;
  log.kick();
  return { boot, batch: batch.number };
}
