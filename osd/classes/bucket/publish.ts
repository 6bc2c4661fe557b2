/**
 * A new version takes its place: what PUT, copy and the completion of an upload have in common. In one transaction, so it is
 * durable, visible, listable and counted at once.
 *
 *     off         it takes the place of the one version, which is released
 *     enabled     the current version moves to the others
 *     suspended   it is the null version, and takes the place of the null version that there was, wherever that is
 */
import type { WriteCondition } from '../../../protocol/bucket/calls.js';
import type { Entry, EntryValue, ObjectEntry } from '../../../protocol/bucket/entry.js';
import type { PutAnswer } from '../../../protocol/bucket/answers.js';
import { sentVersion } from '../../../protocol/bucket/answers.js';
import { retentionFrom } from '../../../protocol/bucket/retention.js';
import { currentKey } from '../../../protocol/bucket/shard-keys.js';
import { CairnError } from '../../../base/errors.js';
import { equalBytes } from '../../../base/bytes.js';
import { checkCondition } from './conditions.js';
import { checkRemovable } from './locks.js';
import type { BodyChanges } from './overlay.js';
import type { Found, Shard } from './shard.js';

export interface Publication {
  readonly escaped: string;
  /** Of the request, as latin1. */
  readonly requestId: string;
  readonly value: EntryValue;
  readonly isShared: boolean;
  readonly bodies: BodyChanges;
  readonly condition: WriteCondition | undefined;
}

/** Throws `precondition`, `no-such-key`, `locked`. `publishes` runs once it is certain that it will: it may refuse as well. */
export async function publish(
  shard: Shard,
  publication: Publication,
  publishes: () => Promise<void> = () => Promise.resolve(),
): Promise<PutAnswer> {
  const { escaped, requestId, value, isShared, bodies, condition } = publication;
  const { rules } = shard.header;
  if (!rules.isLockEnabled && (value.retention !== undefined || value.legalHold)) {
    throw new CairnError('INVALID_ARGUMENT', 'the bucket has no object lock');
  }
  const current = await shard.current(escaped);
  const before = current?.entry.kind === 'object' ? current.entry : undefined;
  if (before !== undefined && isSameWrite(before, publication)) return answerOf(before, true);
  checkCondition(condition, before);
  await publishes();
  const isNull = rules.versioning !== 'enabled';
  await makeRoom(shard, escaped, current, isNull);
  const entry: ObjectEntry = {
    ...value,
    kind: 'object',
    sequence: shard.takeSequence(),
    requestId,
    modifiedMs: shard.date(),
    isNull,
    isShared,
    retention: value.retention ?? defaultRetention(shard),
  };
  shard.put(currentKey(escaped), 'current', entry, bodies);
  return answerOf(entry, before !== undefined);
}

/**
 * Nothing is current afterwards, and with `isNull` there is no null version either: a new one comes. Throws `locked` for a null
 * version that may not go.
 */
export async function makeRoom(
  shard: Shard,
  escaped: string,
  current: Found | undefined,
  isNull: boolean,
): Promise<void> {
  if (isNull) {
    // Where versions never were, the one there is is the null version.
    const isOnly = shard.header.rules.versioning === 'off' || current?.entry.isNull === true;
    const old = isOnly ? current : await shard.nullOther(escaped);
    if (old !== undefined) {
      checkRemovable(shard, old.entry, false);
      shard.drop(escaped, old);
    }
    if (old === current) return;
  }
  if (current !== undefined) shard.retire(escaped, current);
}

/** A repetition of the request, by way of another gateway or after the PG has forgotten it, is answered as it was. */
function isSameWrite(before: ObjectEntry, { requestId, value }: Publication): boolean {
  return (
    before.requestId === requestId &&
    before.size === value.size &&
    before.partCount === value.partCount &&
    equalBytes(before.etag, value.etag)
  );
}

function defaultRetention(shard: Shard): ObjectEntry['retention'] {
  const { isLockEnabled, defaultRetention: rule } = shard.header.rules;
  return isLockEnabled && rule !== undefined ? retentionFrom(rule, shard.date()) : undefined;
}

function answerOf(entry: Entry, isOverwrite: boolean): PutAnswer {
  return { version: sentVersion(entry), isNull: entry.isNull, modifiedMs: entry.modifiedMs, isOverwrite };
}
