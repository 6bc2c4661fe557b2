/** What of a version changes without another one being made: tags, retention, legal hold, ACL. Its payload stays where it is. */
import { updateInput } from '../../../protocol/bucket/calls.js';
import { aclSlot, encodeEntry, type ObjectEntry, tagsSlot } from '../../../protocol/bucket/entry.js';
import { sentVersion } from '../../../protocol/bucket/answers.js';
import { bucketRefusal } from '../../../protocol/bucket/refusal.js';
import { CairnError } from '../../../base/errors.js';
import { invariant, unreachable } from '../../../base/invariant.js';
import type { ClassMethod } from '../object-class.js';
import { findWanted } from './get.js';
import { checkRetentionChange } from './locks.js';
import type { BodyChanges } from './overlay.js';
import { PayloadPieces, readInput } from './read-input.js';
import { Shard } from './shard.js';

/** Answers the version's name, and whether it is the null version. Throws what `get` throws, and `locked`. */
export const update: ClassMethod = async (reader, input, context) => {
  const { key, version, change, mayBypassGovernance, ...place } = readInput(updateInput, input, 'update');
  const shard = await Shard.open(reader, context, place);
  const { omapKey, entry } = await findWanted(shard, shard.own(key), version);
  invariant(entry.kind === 'object', 'what was found is an object');
  const pieces = new PayloadPieces(context.payload);
  const all = context.payload.byteLength;
  let after: ObjectEntry;
  let bodies: BodyChanges = [];
  switch (change.kind) {
    case 'tags':
      after = { ...entry, tagCount: change.tagCount, tagHash: change.tagCount === 0 ? 0 : change.tagHash };
      bodies = [{ slot: tagsSlot, body: pieces.takeBody(all) }];
      break;
    case 'retention':
      needLock(shard);
      checkRetentionChange(shard, entry, change.retention, mayBypassGovernance);
      after = { ...entry, retention: change.retention };
      break;
    case 'legal-hold':
      needLock(shard);
      after = { ...entry, legalHold: change.isOn };
      break;
    case 'acl':
      after = { ...entry, acl: change.acl };
      bodies = [{ slot: aclSlot, body: pieces.takeBody(all) }];
      break;
    case 'share':
      if (entry.sequence !== change.sequence) throw bucketRefusal('precondition', 'the source of the copy has changed');
      after = { ...entry, isShared: true };
      break;
    default:
      return unreachable(change);
  }
  pieces.end();
  shard.omap.set(omapKey, encodeEntry(after), bodies);
  return shard.finish({ version: sentVersion(after), isNull: after.isNull });
};

function needLock(shard: Shard): void {
  if (!shard.header.rules.isLockEnabled) throw new CairnError('INVALID_ARGUMENT', 'the bucket has no object lock');
}
