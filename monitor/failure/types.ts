/** What the failure detector is told, and what it wants done. */
import type { MonotonicMs, WallMs } from '../../base/instants.js';
import type { Epoch, OsdId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { FailureSettings } from './settings.js';

/** What it reads of the map. */
export type FailureMap = Pick<ClusterMap, 'epoch' | 'osds' | 'crush' | 'flags'>;

export type ReportKind = 'refused' | 'silent';

/** Instants are of the leader's clock: when the message reached it. */
export interface FailureReport {
  readonly reporter: OsdId;
  readonly target: OsdId;
  /** `upFrom` of the target in the reporter's map: the life that it speaks of. */
  readonly targetUpFrom: Epoch;
  /** `refused`: the target's machine answered that nobody listens. */
  readonly reason: ReportKind;
  /** Since the reporter last heard it; 0 with `refused`. */
  readonly silentMs: number;
  /** OSDs that the reporter heartbeats now, the target included: tells a lonely reporter from a large failure. */
  readonly peerCount: number;
  readonly at: MonotonicMs;
}

export type FailureInput =
  /** A newer map was applied; the same or an older epoch is ignored. */
  | { readonly kind: 'map'; readonly map: FailureMap; readonly at: MonotonicMs }
  /** `boot` is the sender's boot counter: beacons of an earlier life prove nothing. */
  | { readonly kind: 'beacon'; readonly osd: OsdId; readonly boot: number; readonly at: MonotonicMs }
  | { readonly kind: 'report'; readonly report: FailureReport }
  /** The reporter heard the target again. */
  | { readonly kind: 'withdrawal'; readonly reporter: OsdId; readonly target: OsdId }
  /** The OSD stops and says so. */
  | { readonly kind: 'goodbye'; readonly osd: OsdId; readonly boot: number; readonly at: MonotonicMs }
  | { readonly kind: 'tick'; readonly now: MonotonicMs; readonly wall: WallMs }
  | { readonly kind: 'settings'; readonly settings: FailureSettings };

/** `upFrom` is the life that is over: the change is void if the map has a newer one by then. */
export interface MarkDown {
  readonly osd: OsdId;
  readonly upFrom: Epoch;
  /** For the log and the audit trail. */
  readonly why: string;
}

/** Void if the OSD came up after `downAt`. */
export interface MarkOut {
  readonly osd: OsdId;
  readonly downAt: Epoch;
  readonly why: string;
}

export type FailureOutput =
  /** To be proposed as one change of the map. Asked for again after `repeatMs` while the map does not show it. */
  | { readonly kind: 'mark-down'; readonly osds: readonly MarkDown[] }
  | { readonly kind: 'mark-out'; readonly osds: readonly MarkOut[] }
  /** Said once when it begins, not while it lasts. */
  | { readonly kind: 'fact'; readonly fact: FailureFact };

export type FailureFact =
  /** Some report it, too few yet. */
  | { readonly kind: 'suspected'; readonly osd: OsdId; readonly domains: number; readonly needed: number }
  /** Reports more than half of its peers although they still beacon: it is not believed about those. */
  | { readonly kind: 'isolated-reporter'; readonly osd: OsdId; readonly reported: number; readonly peers: number }
  /** Would be marked, were it not for this. */
  | { readonly kind: 'held-back'; readonly osd: OsdId; readonly mark: 'down' | 'out'; readonly by: HeldBackBy }
  | { readonly kind: 'flapping'; readonly osd: OsdId; readonly downs: number }
  /** The leader itself stood still: what it knew is forgotten. */
  | { readonly kind: 'stalled'; readonly ms: number };

export type HeldBackBy = 'nodown' | 'noout' | 'min-in-ratio' | 'subtree-limit';
