/** PutObject and CopyObject: one call, one transaction, one round trip. */
import { putInput } from '../../../protocol/bucket/calls.js';
import { aclSlot, contentSlot, tagsSlot } from '../../../protocol/bucket/entry.js';
import type { ClassMethod } from '../object-class.js';
import { takeIntents } from './intents.js';
import { publish } from './publish.js';
import { latin1, PayloadPieces, readInput } from './read-input.js';
import { Shard } from './shard.js';

/** Answers a `PutAnswer`. Throws what `publish` throws, and `no-intent`. */
export const put: ClassMethod = async (reader, input, context) => {
  const {
    bucket,
    generation,
    key,
    requestId,
    intents,
    condition,
    isShared,
    contentBytes,
    tagsBytes,
    aclBytes,
    ...value
  } = readInput(putInput, input, 'put');
  const shard = await Shard.open(reader, context, { bucket, generation });
  const escaped = shard.own(key);
  const pieces = new PayloadPieces(context.payload);
  const bodies = [
    { slot: contentSlot, body: pieces.take(contentBytes) },
    { slot: tagsSlot, body: pieces.takeBody(tagsBytes) },
    { slot: aclSlot, body: pieces.takeBody(aclBytes) },
  ] as const;
  pieces.end();
  const answer = await publish(
    shard,
    {
      escaped,
      requestId: latin1(requestId),
      value: { ...value, checksum: value.checksum, retention: value.retention },
      isShared,
      bodies,
      condition,
    },
    () => takeIntents(shard, escaped, intents),
  );
  return shard.finish(answer);
};
