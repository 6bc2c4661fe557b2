/** Object lock: what may be removed, and how retention may change (S3 User Guide, "Object Lock"). Nobody is above it. */
import type { Entry, ObjectEntry } from '../../../protocol/bucket/entry.js';
import { bucketRefusal } from '../../../protocol/bucket/refusal.js';
import type { Retention } from '../../../protocol/bucket/retention.js';
import type { Shard } from './shard.js';

/** Throws `locked` while retention or a legal hold protects the version, `clock-unknown` when that cannot be told. */
export function checkRemovable(shard: Shard, entry: Entry, mayBypassGovernance: boolean): void {
  if (entry.kind === 'marker') return;
  if (entry.legalHold) throw bucketRefusal('locked', 'a legal hold protects the version');
  const { retention } = entry;
  if (retention === undefined) return;
  if (retention.mode === 'governance' && mayBypassGovernance) return;
  if (shard.leastNow() < retention.untilMs) throw bucketRefusal('locked', 'retention protects the version');
}

/** Retention may grow. It shrinks, or changes its mode, only when it is over, or in governance by who may bypass that. */
export function checkRetentionChange(
  shard: Shard,
  { retention }: ObjectEntry,
  wanted: Retention | undefined,
  mayBypassGovernance: boolean,
): void {
  if (retention === undefined) return;
  if (wanted !== undefined && wanted.untilMs >= retention.untilMs && isAsStrict(wanted, retention)) return;
  if (retention.mode === 'governance' && mayBypassGovernance) return;
  if (shard.leastNow() < retention.untilMs) throw bucketRefusal('locked', 'retention may only be extended');
}

function isAsStrict(wanted: Retention, present: Retention): boolean {
  return wanted.mode === present.mode || wanted.mode === 'compliance';
}
