/**
 * What of a batch is still in use, and by whom. The record says who wrote each payload; the index says who, if anybody,
 * shows it now.
 */
import type { Draft } from '../apply/draft.js';
import { ObjectEditor } from '../apply/object-editor.js';
import { headKey, omapKey, payloadOwnerKey, sharedKey } from '../format/index-key.js';
import type { AppendedPayloads, ChunkSpan } from './appended-payloads.js';
import { decodeOmapValue, type BodySlot } from '../format/omap-value.js';
import { decodePayloadOwner, type PayloadOwner } from '../format/payload-owner.js';
import { isSamePayload, type PayloadRef } from '../format/payload-ref.js';
import type { MovedExtent, PayloadMove } from '../format/payload-move.js';
import type { StoreRecord } from '../format/record.js';
import { decodeSharedPayload } from '../format/shared-payload.js';
import { chunkBytes } from '../limits.js';
import type { BatchFrame, OwnedPayload } from '../log/batch-reader.js';
import { parseObjectKey, type ObjectId } from '../object-id.js';
import type { Mutation, PayloadSize } from '../transaction.js';

/** A payload of a frame, with whom the record names. */
export interface LoggedPayload extends OwnedPayload {
  readonly writer: PayloadWriter;
}

export type PayloadWriter =
  /** Bytes of an object; `offset` is not known of appended ones. */
  | { readonly kind: 'data'; readonly object: ObjectId; readonly offset: number | undefined }
  | { readonly kind: 'chunk'; readonly object: ObjectId; readonly chunk: number }
  | { readonly kind: 'body'; readonly object: ObjectId; readonly key: string; readonly slot: BodySlot }
  | { readonly kind: 'shared'; readonly id: number };

/** The payloads of a frame, in their order in the log. */
export function loggedPayloads({ record, payloads }: BatchFrame): LoggedPayload[] {
  const writers = writersIn(record);
  return payloads.flatMap((payload, i) => {
    const writer = writers[i];
    return writer === undefined ? [] : [{ ...payload, writer }];
  });
}

function writersIn(record: StoreRecord): PayloadWriter[] {
  switch (record.kind) {
    case 'transaction':
      return writersOf(record.transaction.mutations);
    case 'move':
      return record.moves.map(({ owner }) => owner);
    case 'merge': {
      const { object, chunk, runs } = record.merge;
      return runs.map(() => ({ kind: 'chunk', object, chunk }));
    }
    case 'open':
    case 'release':
    case 'ahead':
      return [];
  }
}

function writersOf(mutations: readonly Mutation<PayloadSize>[]): PayloadWriter[] {
  return mutations.flatMap((mutation): PayloadWriter[] => {
    if (mutation.kind === 'write') {
      return mutation.data.bytes > 0 ? [{ kind: 'data', object: mutation.object, offset: mutation.offset }] : [];
    }
    if (mutation.kind === 'append') {
      return mutation.data.bytes > 0 ? [{ kind: 'data', object: mutation.object, offset: undefined }] : [];
    }
    if (mutation.kind !== 'omap-set') return [];
    const { object, key } = mutation;
    return mutation.bodies.flatMap(({ slot, body }) => {
      return body !== undefined && body.bytes > 0 ? [{ kind: 'body' as const, object, key, slot }] : [];
    });
  });
}

/** Keys that `movesOf` will look at, but for chunks that only the head tells of. */
export function ownerKeys({ ref, writer }: LoggedPayload): string[] {
  const own = payloadOwnerKey(ref);
  switch (writer.kind) {
    case 'data':
    case 'chunk':
      return [own, headKey(writer.object)];
    case 'body':
      return [own, omapKey(writer.object, writer.key)];
    case 'shared':
      return [own, sharedKey(writer.id)];
  }
}

/**
 * Moves of everything that is in use of a payload; none when nothing is. `appended` has searched the objects of appended
 * ones. Throws `MissingKeys`.
 */
export function movesOf(draft: Draft, { ref, writer }: LoggedPayload, appended: AppendedPayloads): PayloadMove[] {
  const other = draft.get(payloadOwnerKey(ref));
  if (other !== undefined) return movesOfOther(draft, ref, decodePayloadOwner(other));
  switch (writer.kind) {
    case 'data':
      return movesOfData(draft, ref, writer.object, spanOfData(ref, writer.object, writer.offset, appended));
    case 'chunk':
      return movesOfChunks(draft, ref, writer.object, writer.chunk, writer.chunk);
    case 'body':
      return movesOfBody(draft, ref, writer.object, writer.key, writer.slot);
    case 'shared':
      return movesOfShared(draft, ref, writer.id);
  }
}

function movesOfOther(draft: Draft, ref: PayloadRef, owner: PayloadOwner): PayloadMove[] {
  if (owner.kind === 'shared') return movesOfShared(draft, ref, owner.id);
  return movesOfBody(draft, ref, parseObjectKey(owner.objectKey), owner.key, owner.slot);
}

function spanOfData(
  ref: PayloadRef,
  object: ObjectId,
  offset: number | undefined,
  appended: AppendedPayloads,
): ChunkSpan | undefined {
  if (offset === undefined) return appended.spanOf(object, ref.offset);
  return { from: Math.floor(offset / chunkBytes), to: Math.floor((offset + ref.bytes - 1) / chunkBytes) };
}

function movesOfData(draft: Draft, ref: PayloadRef, object: ObjectId, span: ChunkSpan | undefined): PayloadMove[] {
  return span === undefined ? [] : movesOfChunks(draft, ref, object, span.from, span.to);
}

function movesOfChunks(draft: Draft, ref: PayloadRef, object: ObjectId, from: number, to: number): PayloadMove[] {
  const editor = new ObjectEditor(draft, object);
  if (!editor.exists) return [];
  return editor.chunks(from, to).flatMap((extents, i) => {
    const shown: MovedExtent[] = [];
    for (const { source, at, bytes, skip } of extents) {
      if (source.kind === 'own' && isSamePayload(source.payload, ref)) shown.push({ at, bytes, skip });
    }
    if (shown.length === 0) return [];
    const skip = Math.min(...shown.map((extent) => extent.skip));
    const end = Math.max(...shown.map((extent) => extent.skip + extent.bytes));
    return [{ from: ref, skip, bytes: end - skip, owner: { kind: 'chunk', object, chunk: from + i, extents: shown } }];
  });
}

function movesOfBody(draft: Draft, ref: PayloadRef, object: ObjectId, key: string, slot: BodySlot): PayloadMove[] {
  const stored = draft.get(omapKey(object, key));
  if (stored === undefined) return [];
  const isThere = decodeOmapValue(stored).bodies.some((body) => {
    return body.slot === slot && body.payload !== undefined && isSamePayload(body.payload, ref);
  });
  return isThere ? [{ from: ref, skip: 0, bytes: ref.bytes, owner: { kind: 'body', object, key, slot } }] : [];
}

function movesOfShared(draft: Draft, ref: PayloadRef, id: number): PayloadMove[] {
  const stored = draft.get(sharedKey(id));
  if (stored === undefined) return [];
  const { payload, owner } = decodeSharedPayload(stored);
  if (!isSamePayload(payload, ref)) return [];
  return [{ from: ref, skip: 0, bytes: ref.bytes, owner: { kind: 'shared', id, owner } }];
}
