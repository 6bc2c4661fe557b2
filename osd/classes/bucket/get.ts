/** GetObject and all that asks about one version: one read. */
import type { GetAnswer } from '../../../protocol/bucket/answers.js';
import { getInput, type VersionSelector } from '../../../protocol/bucket/calls.js';
import { aclSlot, contentSlot, encodeEntry, tagsSlot } from '../../../protocol/bucket/entry.js';
import { bucketRefusal } from '../../../protocol/bucket/refusal.js';
import { printVersionId } from '../../../protocol/bucket/version-id.js';
import { encodeHeader } from '../../../wire/header-codec.js';
import type { ClassMethod } from '../object-class.js';
import { findVersion } from './find-version.js';
import { readInput } from './read-input.js';
import { type Found, Shard } from './shard.js';

/** Answers a `GetAnswer`. Throws `no-such-key`, `no-such-version`, `is-marker`. */
export const get: ClassMethod = async (reader, input, context) => {
  const { key, version, wants, ...place } = readInput(getInput, input, 'get');
  const shard = await Shard.open(reader, context, place);
  const found = await findWanted(shard, shard.own(key), version);
  const body = async (what: (typeof wants)[number], slot: 0 | 1 | 2): Promise<Uint8Array | undefined> =>
    wants.includes(what) ? await reader.omapBody(found.omapKey, slot) : undefined;
  const bodies = await Promise.all([body('content', contentSlot), body('tags', tagsSlot), body('acl', aclSlot)]);
  const [content, tags, acl] = bodies;
  const answer: GetAnswer = {
    head: encodeEntry(found.entry),
    isLatest: found.place === 'current',
    contentBytes: content?.byteLength,
    tagsBytes: tags?.byteLength,
    aclBytes: acl?.byteLength,
  };
  return { changes: [], output: encodeHeader(answer), data: bodies.filter((one) => one !== undefined) };
};

/** An object, no marker. */
export async function findWanted(shard: Shard, escaped: string, version: VersionSelector | undefined): Promise<Found> {
  if (version !== undefined) {
    const found = await findVersion(shard, escaped, version);
    if (found === undefined) throw bucketRefusal('no-such-version');
    if (found.entry.kind === 'marker') {
      throw bucketRefusal('is-marker', undefined, {
        version: printVersionId(found.entry),
        modifiedMs: found.entry.modifiedMs,
      });
    }
    return found;
  }
  const current = await shard.current(escaped);
  if (current !== undefined) return current;
  const newest = await shard.newestOther(escaped);
  if (newest === undefined) throw bucketRefusal('no-such-key');
  const { entry } = newest;
  const id = entry.isNull ? 'null' : printVersionId(entry);
  throw bucketRefusal('no-such-key', undefined, { isMarker: true, version: id, modifiedMs: entry.modifiedMs });
}
