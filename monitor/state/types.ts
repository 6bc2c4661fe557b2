/** What the monitors agree on, and how one entry of the Raft log changes it. */
import type { WallMs } from '../../base/instants.js';
import type { MapChange } from '../../cluster/change.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { AuditRecord, ClusterLogRecord } from '../../protocol/cluster-log.js';

/** Until `until` (0: for ever) the check does not count. A sticky one outlives the check's own end. */
export interface HealthMute {
  readonly code: string;
  readonly until: WallMs;
  readonly isSticky: boolean;
  /** How many things the check named when it was muted: more of them end a mute that is not sticky. */
  readonly count: number;
}

/** The part of the state that commands read. Immutable. */
export interface StateView {
  readonly map: ClusterMap;
  /** Entries applied since the beginning. */
  readonly version: number;
  /** The leader's wall time of the last entry. */
  readonly wall: WallMs;
  readonly mutes: ReadonlyMap<string, HealthMute>;
  /** Of an entity, 32 bytes. */
  key(name: string): Uint8Array | undefined;
  /** Newest last, at most `count`, after number `after`. */
  audit(options: { readonly after: number; readonly count: number }): readonly AuditRecord[];
  log(options: { readonly after: number; readonly count: number }): readonly ClusterLogRecord[];
}

/** What a command does to the state, decided by the leader. */
export interface Effects<Result> {
  readonly result: Result;
  readonly changes?: readonly MapChange[];
  /** `undefined` forgets the key. */
  readonly keys?: readonly { readonly name: string; readonly key: Uint8Array | undefined }[];
  readonly mutes?: readonly (HealthMute | { readonly code: string; readonly unmuted: true })[];
  readonly log?: readonly Pick<ClusterLogRecord, 'severity' | 'message' | 'source'>[];
}
