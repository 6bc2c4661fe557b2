import type { MonotonicMs, WallMs } from '../../base/instants.js';
import type { AuditRecord } from '../../protocol/cluster-log.js';
import type { RequestId } from '../../protocol/monitor-methods.js';
import type { Membership } from '../raft/types.js';
import type { Effects, StateView } from '../state/types.js';

/** A change as the leader decides it: its effects, and for a change of monitors the membership that Raft gets with it. */
export type Decision = Effects<unknown> & {
  readonly membership?: Membership;
  /** Wants an entry even when it changes nothing: the entry carries the limit of time. */
  readonly isTime?: boolean;
};

export interface ChangeRequest {
  /** The command's name, for people. */
  readonly name: string;
  /** Absent for what the leader does by itself. */
  readonly id: RequestId | undefined;
  readonly deadline: MonotonicMs | undefined;
  /** Throws to refuse, and has then changed nothing. `wall` is the cluster's time. */
  readonly evaluate: (view: StateView, wall: WallMs) => Decision | Promise<Decision>;
  /** Who asked and with what; absent: not audited. */
  readonly audit: Pick<AuditRecord, 'who' | 'from' | 'command' | 'args'> | undefined;
  /** Gets an entry to itself, as a change of membership must. */
  readonly isAlone?: boolean;
}

export interface ChangeReply {
  readonly result: unknown;
  /** The map's, in which the change is. */
  readonly epoch: number;
}
