/** Uploads of parts: begin, put a part, give up. Their completion is in complete.ts. */
import { latin1Bytes } from '../../../base/bytes.js';
import { ByteReader } from '../../../base/byte-reader.js';
import { CairnError } from '../../../base/errors.js';
import { abortInput, createUploadInput, putPartInput } from '../../../protocol/bucket/calls.js';
import { aclSlot, contentSlot, tagsSlot } from '../../../protocol/bucket/entry.js';
import { partSlicesMax } from '../../../protocol/bucket/limits.js';
import { bytesOfSlices, readBlobList } from '../../../protocol/bucket/manifest.js';
import { decodePart, encodePart } from '../../../protocol/bucket/part.js';
import { partKey, uploadKey } from '../../../protocol/bucket/shard-keys.js';
import { encodeUpload, type UploadPlan } from '../../../protocol/bucket/upload.js';
import { uploadOf } from '../../../protocol/bucket/version-id.js';
import type { ClassMethod } from '../object-class.js';
import { countPart, countUpload } from './counts.js';
import { takeIntents } from './intents.js';
import { openUpload } from './list-uploads.js';
import { latin1, PayloadPieces, readInput } from './read-input.js';
import { graceMs, Shard } from './shard.js';

/** Answers a `CreateUploadAnswer`. */
export const createUpload: ClassMethod = async (reader, input, context) => {
  const { bucket, generation, key, requestId, headersBytes, tagsBytes, aclBytes, ...plan } = readInput(
    createUploadInput,
    input,
    'create-upload',
  );
  const shard = await Shard.open(reader, context, { bucket, generation });
  const escaped = shard.own(key);
  if (!shard.header.rules.isLockEnabled && (plan.retention !== undefined || plan.legalHold)) {
    throw new CairnError('INVALID_ARGUMENT', 'the bucket has no object lock');
  }
  const pieces = new PayloadPieces(context.payload);
  const bodies = [
    { slot: contentSlot, body: pieces.take(headersBytes) },
    { slot: tagsSlot, body: pieces.takeBody(tagsBytes) },
    { slot: aclSlot, body: pieces.takeBody(aclBytes) },
  ] as const;
  pieces.end();
  const initiatedMs = shard.date();
  const upload = uploadOf({ sequence: shard.takeSequence(), requestId: latin1(requestId) });
  const full: UploadPlan = { ...plan, checksum: plan.checksum, retention: plan.retention };
  shard.omap.set(
    uploadKey(escaped, upload),
    encodeUpload({ initiatedMs, plan: full, state: { kind: 'open' } }),
    bodies,
  );
  shard.change({ counts: countUpload(shard.header.counts, 1) });
  return shard.finish({ upload: latin1Bytes(upload), initiatedMs });
};

/** The part of that number, in place of one that was there. Answers when. Throws `no-such-upload`, `no-intent`. */
export const putPart: ClassMethod = async (reader, input, context) => {
  const { key, upload, part, size, etag, checksum, isShared, intents, ...place } = readInput(
    putPartInput,
    input,
    'put-part',
  );
  const shard = await Shard.open(reader, context, place);
  const escaped = shard.own(key);
  const data = readBlobList(new ByteReader(context.payload));
  if (data.slices.length > partSlicesMax || bytesOfSlices(data.slices) !== size) {
    throw new CairnError('INVALID_ARGUMENT', `a part has at most ${partSlicesMax} slices, and its size is theirs`);
  }
  await openUpload(shard, escaped, upload);
  await takeIntents(shard, escaped, intents);
  const omapKey = partKey(escaped, latin1(upload), part);
  const before = await shard.omap.head(omapKey);
  if (before !== undefined) {
    shard.release(omapKey, before);
    shard.change({ counts: countPart(shard.header.counts, decodePart(before).size, -1) });
  }
  const modifiedMs = shard.date();
  shard.omap.set(omapKey, encodePart({ modifiedMs, size, etag, checksum, isShared, data }));
  shard.change({ counts: countPart(shard.header.counts, size, 1) });
  return shard.finish({ modifiedMs });
};

/** Nobody sees the upload any more; the collector removes its parts. Throws `no-such-upload`. */
export const abort: ClassMethod = async (reader, input, context) => {
  const { key, upload, ...place } = readInput(abortInput, input, 'abort');
  const shard = await Shard.open(reader, context, place);
  const found = await openUpload(shard, shard.own(key), upload);
  const dueMs = shard.date() + graceMs;
  shard.omap.set(found.omapKey, encodeUpload({ ...found.upload, state: { kind: 'aborted', dueMs } }));
  shard.change({ counts: countUpload(shard.header.counts, -1) });
  shard.noteEnded(key, upload, dueMs);
  return shard.finish({});
};
