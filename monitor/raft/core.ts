/** The parts that a member has in every role, which a leader's parts work on too. */
import type { Durability } from './durability.js';
import type { RaftLog } from './log.js';
import type { ResolvedRaftOptions } from './options.js';
import type { Outbox } from './outbox.js';

export interface RaftCore {
  readonly options: ResolvedRaftOptions;
  readonly log: RaftLog;
  readonly durability: Durability;
  readonly outbox: Outbox;
}
