/**
 * CompleteMultipartUpload: the parts that are named become the object, in one transaction. Their records stay until the collector comes,
 * with a note which of them went into the object: so it costs the same whether 2 or 10,000 parts are completed, but for the
 * walk over their heads.
 */
import { ByteReader } from '../../../base/byte-reader.js';
import { equalBytes } from '../../../base/bytes.js';
import { CairnError } from '../../../base/errors.js';
import { type CompleteAnswer, sentVersion } from '../../../protocol/bucket/answers.js';
import { completeInput } from '../../../protocol/bucket/calls.js';
import type { StoredChecksum } from '../../../protocol/bucket/checksum.js';
import { contentOfManifest } from '../../../protocol/bucket/content.js';
import { aclSlot, contentSlot, type EntryValue, tagsSlot } from '../../../protocol/bucket/entry.js';
import { contentBytesMax, partBytesMin, partsMax } from '../../../protocol/bucket/limits.js';
import type { BlobPlace, Manifest, ManifestPart, Slice } from '../../../protocol/bucket/manifest.js';
import { decodePart, type Part } from '../../../protocol/bucket/part.js';
import { bucketRefusal } from '../../../protocol/bucket/refusal.js';
import { endOf, partsOf, uploadKey } from '../../../protocol/bucket/shard-keys.js';
import { decodeUpload, encodeUpload, type UploadResult, usedPartsSlot } from '../../../protocol/bucket/upload.js';
import type { ClassMethod } from '../object-class.js';
import { countPart, countUpload } from './counts.js';
import { publish } from './publish.js';
import { latin1, readInput } from './read-input.js';
import { Shard } from './shard.js';

/** Of a part in the payload: its number and its ETag. */
const namedBytes = 2 + 16;
/** Heads of parts read at once: the walk yields in between. */
const stepMax = 500;

interface NamedPart {
  readonly number: number;
  readonly etag: Uint8Array;
}

/**
 * Answers a `CompleteAnswer`; a repetition the same again, while it is kept. Throws `no-such-upload`, `invalid-part`, `part-too-small`,
 * `too-many-slices`, `wrong-size`, and what `publish` throws.
 */
export const complete: ClassMethod = async (reader, input, context) => {
  const { key, upload, requestId, etag, checksum, size, condition, keepMs, ...place } = readInput(
    completeInput,
    input,
    'complete',
  );
  const shard = await Shard.open(reader, context, place);
  const escaped = shard.own(key);
  const omapKey = uploadKey(escaped, latin1(upload));
  const head = await shard.omap.head(omapKey);
  const before = head === undefined ? undefined : decodeUpload(head);
  if (before?.state.kind === 'completed') return { ...shard.finish(told(before.state.result)), changes: [] };
  if (before?.state.kind !== 'open') throw bucketRefusal('no-such-upload');

  const named = readNamed(context.payload);
  const parts = await findParts(shard, partsOf(escaped, latin1(upload)), named);
  const total = parts.reduce((sum, part) => sum + part.size, 0);
  if (size !== undefined && size !== total) throw bucketRefusal('wrong-size');
  const { plan } = before;
  const bodyOf = (slot: 0 | 1 | 2): Promise<Uint8Array | undefined> => reader.omapBody(omapKey, slot);
  const [headers, tags, acl] = await Promise.all([bodyOf(contentSlot), bodyOf(tagsSlot), bodyOf(aclSlot)]);
  const content = contentOfManifest(headers ?? new Uint8Array(0), manifestOf(parts));
  if (content.byteLength > contentBytesMax) throw bucketRefusal('too-many-slices');
  const stored: StoredChecksum | undefined = checksum;
  const value: EntryValue = {
    owner: plan.owner,
    size: total,
    etag,
    partCount: parts.length,
    storageClass: plan.storageClass,
    checksum: stored,
    isInline: false,
    acl: plan.acl,
    retention: plan.retention,
    legalHold: plan.legalHold,
    tagCount: plan.tagCount,
    tagHash: plan.tagHash,
  };
  const answer = await publish(shard, {
    escaped,
    requestId: latin1(requestId),
    value,
    isShared: parts.some(({ isShared }) => isShared),
    bodies: [
      { slot: contentSlot, body: content },
      { slot: tagsSlot, body: tags },
      { slot: aclSlot, body: acl },
    ],
    condition,
  });
  const version = { sequence: answer.version.sequence, requestId: latin1(answer.version.requestId) };
  const result: UploadResult = { version, isNull: answer.isNull, etag, partCount: parts.length, checksum: stored };
  const keptUntilMs = shard.date() + keepMs;
  shard.omap.set(omapKey, encodeUpload({ ...before, state: { kind: 'completed', result, keptUntilMs } }), [
    { slot: contentSlot, body: undefined },
    { slot: tagsSlot, body: undefined },
    { slot: aclSlot, body: undefined },
    { slot: usedPartsSlot, body: bitsOf(named) },
  ]);
  // Parts that were not used count on until the collector has removed them.
  const counts = parts.reduce((sum, part) => countPart(sum, part.size, -1), shard.header.counts);
  shard.change({ counts: countUpload(counts, -1) });
  shard.noteEnded(key, upload, shard.date());
  const full: CompleteAnswer = { ...answer, size: total, etag, partCount: parts.length, checksum: stored };
  return shard.finish(full);
};

function told({ version, isNull, etag, partCount, checksum }: UploadResult): CompleteAnswer {
  const sent = sentVersion(version);
  return { version: sent, isNull, modifiedMs: 0, isOverwrite: false, size: 0, etag, partCount, checksum };
}

function readNamed(payload: Uint8Array): NamedPart[] {
  const count = payload.byteLength / namedBytes;
  if (!Number.isInteger(count) || count < 1 || count > partsMax) {
    throw new CairnError('INVALID_ARGUMENT', `an upload is completed with 1 to ${partsMax} parts`);
  }
  const reader = new ByteReader(payload);
  const named: NamedPart[] = [];
  for (let i = 0; i < count; i++) {
    const number = reader.u8('the number of a part') * 256 + reader.u8('the number of a part');
    if (number <= (named.at(-1)?.number ?? 0)) {
      throw new CairnError('INVALID_ARGUMENT', 'the parts of an upload are named in ascending order');
    }
    named.push({ number, etag: reader.viewRaw(16, 'an ETag') });
  }
  return named;
}

/** Those that are named, in their order. */
async function findParts(shard: Shard, prefix: string, named: readonly NamedPart[]): Promise<Part[]> {
  const parts: Part[] = [];
  let from = prefix;
  let page: readonly (readonly [string, Uint8Array])[] = [];
  let at = 0;
  for (const [index, { number, etag }] of named.entries()) {
    const wanted = prefix + String.fromCharCode(number >>> 8, number & 0xff);
    for (;;) {
      while (at < page.length && (page[at]?.[0] ?? '') < wanted) at += 1;
      if (at < page.length) break;
      if (from > wanted) throw bucketRefusal('invalid-part', undefined, { part: number });
      from = wanted;
      page = await shard.reader.omapList(from, endOf(prefix), stepMax);
      at = 0;
      const last = page.at(-1)?.[0];
      if (last === undefined) throw bucketRefusal('invalid-part', undefined, { part: number });
      from = `${last}\0`;
    }
    const [key, head] = page[at] ?? ['', new Uint8Array(0)];
    const part = key === wanted ? decodePart(head) : undefined;
    if (part === undefined || !equalBytes(part.etag, etag)) {
      throw bucketRefusal('invalid-part', undefined, { part: number });
    }
    if (part.size < partBytesMin && index < named.length - 1) {
      throw bucketRefusal('part-too-small', undefined, { part: number, size: part.size });
    }
    parts.push(part);
  }
  return parts;
}

/** Parts that are copies name the same blobs again and again. */
function manifestOf(parts: readonly Part[]): Manifest {
  const blobs: BlobPlace[] = [];
  const places = new Map<string, number>();
  const slices: Slice[] = [];
  const made: ManifestPart[] = [];
  for (const { data, checksum } of parts) {
    for (const { blob, offset, bytes } of data.slices) {
      const place = data.blobs[blob];
      if (place === undefined) throw new CairnError('CORRUPT', 'a part names a blob that it does not have');
      const id = `${place.pool}/${Buffer.from(place.id).toString('latin1')}`;
      let index = places.get(id);
      if (index === undefined) {
        index = blobs.length;
        blobs.push(place);
        places.set(id, index);
      }
      slices.push({ blob: index, offset, bytes });
    }
    made.push({ slices: data.slices.length, checksum });
  }
  return { blobs, slices, parts: made };
}

/** Bit `n` of byte `n / 8`: part `n` went into the object. */
function bitsOf(named: readonly NamedPart[]): Uint8Array {
  const last = named.at(-1)?.number ?? 0;
  const bits = new Uint8Array(Math.floor(last / 8) + 1);
  for (const { number } of named) bits[number >>> 3] = (bits[number >>> 3] ?? 0) | (1 << (number & 7));
  return bits;
}
