/**
 * DeleteObject and DeleteObjects. Without a version: in an unversioned bucket the object goes, else a delete marker comes. With one:
 * just that version goes, and the next newest is current if it is no marker.
 */
import { isCairnError } from '../../../base/errors.js';
import { type DeleteAnswer, sentVersion } from '../../../protocol/bucket/answers.js';
import { deleteInput, type VersionSelector, type WriteCondition } from '../../../protocol/bucket/calls.js';
import { encodeNullPlace } from '../../../protocol/bucket/intent.js';
import { refusalOf } from '../../../protocol/bucket/refusal.js';
import { nullKey, versionKey } from '../../../protocol/bucket/shard-keys.js';
import type { ClassMethod } from '../object-class.js';
import { checkCondition } from './conditions.js';
import { findVersion } from './find-version.js';
import { checkRemovable } from './locks.js';
import { makeRoom } from './publish.js';
import { latin1, readInput } from './read-input.js';
import { type Found, Shard } from './shard.js';

interface Asked {
  readonly requestId: string;
  readonly owner: string;
  readonly mayBypassGovernance: boolean;
}

interface Item {
  readonly key: string;
  readonly version?: VersionSelector | undefined;
  readonly condition?: WriteCondition | undefined;
}

/** Answers a `DeleteAnswer` for each item; one that is refused leaves the others as they are. */
export const remove: ClassMethod = async (reader, input, context) => {
  const { items, requestId, owner, mayBypassGovernance, ...place } = readInput(deleteInput, input, 'delete');
  const shard = await Shard.open(reader, context, place);
  const asked: Asked = { requestId: latin1(requestId), owner, mayBypassGovernance };
  const answers: DeleteAnswer[] = [];
  // Before anything is changed: whoever has an old table sends the whole call again, and so does who comes before the time is known.
  for (const { key } of items) shard.own(key);
  shard.date();
  for (const item of items) answers.push(await deleteOne(shard, item, asked));
  return shard.finish({ answers });
};

async function deleteOne(shard: Shard, item: Item, asked: Asked): Promise<DeleteAnswer> {
  try {
    const escaped = shard.own(item.key);
    const current = await shard.current(escaped);
    checkCondition(item.condition, current?.entry.kind === 'object' ? current.entry : undefined);
    if (item.version !== undefined) return await deleteVersion(shard, escaped, item.version, asked);
    return await deleteCurrent(shard, escaped, current, asked);
  } catch (error) {
    const refusal = refusalOf(error);
    // Nothing of this item was changed yet: whatever refuses does so first.
    if (refusal !== undefined && isCairnError(error)) return { kind: 'refused', refusal, message: error.message };
    throw error;
  }
}

async function deleteCurrent(
  shard: Shard,
  escaped: string,
  current: Found | undefined,
  { requestId, owner }: Asked,
): Promise<DeleteAnswer> {
  const { versioning } = shard.header.rules;
  const wasThere = current !== undefined;
  if (versioning === 'off') {
    if (current !== undefined) {
      checkRemovable(shard, current.entry, false);
      shard.drop(escaped, current);
    }
    return { kind: 'deleted', version: undefined, isNull: true, isMarker: false, wasThere };
  }
  const isNull = versioning === 'suspended';
  await makeRoom(shard, escaped, current, isNull);
  const marker = {
    kind: 'marker',
    sequence: shard.takeSequence(),
    requestId,
    modifiedMs: shard.date(),
    owner,
    isNull,
  } as const;
  shard.put(versionKey(escaped, marker.sequence), 'noncurrent', marker);
  if (isNull) shard.omap.set(nullKey(escaped), encodeNullPlace(marker.sequence));
  return { kind: 'deleted', version: sentVersion(marker), isNull, isMarker: true, wasThere };
}

async function deleteVersion(
  shard: Shard,
  escaped: string,
  version: VersionSelector,
  { mayBypassGovernance }: Asked,
): Promise<DeleteAnswer> {
  const found = await findVersion(shard, escaped, version);
  // As on AWS: what is not there is deleted.
  if (found === undefined) {
    const named = version === 'null' ? undefined : version;
    return { kind: 'deleted', version: named, isNull: version === 'null', isMarker: false, wasThere: false };
  }
  const { entry } = found;
  checkRemovable(shard, entry, mayBypassGovernance);
  shard.drop(escaped, found);
  if ((await shard.current(escaped)) === undefined) {
    const next = await shard.newestOther(escaped);
    if (next?.entry.kind === 'object') shard.promote(escaped, next);
  }
  const isMarker = entry.kind === 'marker';
  return { kind: 'deleted', version: sentVersion(entry), isNull: entry.isNull, isMarker, wasThere: true };
}
