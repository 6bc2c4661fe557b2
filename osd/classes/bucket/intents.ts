/**
 * Intents: whoever writes chunks says so first, in the shard of the key that they are for, and what is published takes its
 * intents along. So chunks without an owner are always found, and nothing is published whose chunks may be gone.
 */
import { abandonInput, intendInput } from '../../../protocol/bucket/calls.js';
import { decodeIntent, encodeIntent } from '../../../protocol/bucket/intent.js';
import { bucketRefusal } from '../../../protocol/bucket/refusal.js';
import { intentKey } from '../../../protocol/bucket/shard-keys.js';
import type { ClassMethod } from '../object-class.js';
import { latin1, readInput } from './read-input.js';
import { Shard } from './shard.js';

/** Answers when it expires. Throws `no-intent` for a renewal that comes too late. */
export const intend: ClassMethod = async (reader, input, context) => {
  const { key, blob, chunks, expiresInMs, isRenewal, ...place } = readInput(intendInput, input, 'intend');
  const shard = await Shard.open(reader, context, place);
  const omapKey = intentKey(shard.own(key), latin1(blob.id));
  const before = await shard.omap.head(omapKey);
  if (isRenewal && before === undefined) throw bucketRefusal('no-intent');
  const expiresMs = shard.date() + expiresInMs;
  const known = before === undefined ? 0 : decodeIntent(before).chunks;
  shard.omap.set(omapKey, encodeIntent({ blob, chunks: Math.max(chunks, known), expiresMs }));
  shard.dueBy(expiresMs);
  return shard.finish({ expiresMs });
};

export const abandon: ClassMethod = async (reader, input, context) => {
  const { key, blobs, bucket } = readInput(abandonInput, input, 'abandon');
  // Also in a bucket that is being deleted, or was configured anew: nothing of it is changed.
  const shard = await Shard.ofBucket(reader, context, bucket);
  const escaped = shard.own(key);
  for (const blob of blobs) {
    const omapKey = intentKey(escaped, latin1(blob));
    const head = await shard.omap.head(omapKey);
    if (head !== undefined) shard.release(omapKey, head);
  }
  return shard.finish({});
};

/** They are used up by what is published. Throws `no-intent` when one is gone. */
export async function takeIntents(shard: Shard, escaped: string, blobs: readonly Uint8Array[]): Promise<void> {
  for (const blob of blobs) {
    const omapKey = intentKey(escaped, latin1(blob));
    if ((await shard.omap.head(omapKey)) === undefined) throw bucketRefusal('no-intent');
    shard.omap.remove(omapKey);
  }
}
