/**
 * What the cleaner copied takes effect where its payload still is where it was: decided when the batch is formed, and again,
 * the same way, when it is replayed.
 */
import { unreachable } from '../../../base/invariant.js';
import { omapKey, payloadOwnerKey, sharedKey } from '../format/index-key.js';
import { decodeOmapValue, encodeOmapValue, type OmapBody } from '../format/omap-value.js';
import { isSamePayload, type PayloadRef } from '../format/payload-ref.js';
import { encodePayloadOwner } from '../format/payload-owner.js';
import type { MoveOwner, PayloadMove } from '../format/payload-move.js';
import { decodeSharedPayload, encodeSharedPayload } from '../format/shared-payload.js';
import type { Draft } from './draft.js';
import { ObjectEditor } from './object-editor.js';

/** `payloads[i]` is where the bytes of `moves[i]` are now. Throws `MissingKeys` as `applyTransaction` does. */
export function applyMoves(draft: Draft, moves: readonly PayloadMove[], payloads: readonly PayloadRef[]): void {
  moves.forEach((move, i) => {
    const to = payloads[i];
    if (to !== undefined) applyMove(draft, move, to);
  });
}

function applyMove(draft: Draft, move: PayloadMove, to: PayloadRef): void {
  const { owner } = move;
  switch (owner.kind) {
    case 'chunk':
      moveExtents(draft, move, owner, to);
      return;
    case 'body':
      moveBody(draft, move, owner, to);
      return;
    case 'shared':
      moveShared(draft, move, owner.id, to);
      return;
    default:
      unreachable(owner);
  }
}

function moveExtents(
  draft: Draft,
  { from, skip, bytes }: PayloadMove,
  owner: Extract<MoveOwner, { kind: 'chunk' }>,
  to: PayloadRef,
): void {
  const editor = new ObjectEditor(draft, owner.object);
  if (!editor.exists) return;
  const [extents = []] = editor.chunks(owner.chunk, owner.chunk);
  let moved = 0;
  const changed = extents.map((extent) => {
    const { source } = extent;
    const isThere = source.kind === 'own' && isSamePayload(source.payload, from);
    if (!isThere || extent.skip < skip || extent.skip + extent.bytes > skip + bytes) return extent;
    moved += extent.bytes;
    return {
      at: extent.at,
      bytes: extent.bytes,
      source: { kind: 'own' as const, payload: to },
      skip: extent.skip - skip,
    };
  });
  if (moved === 0) return;
  editor.setChunk(owner.chunk, changed);
  editor.finish();
  draft.addLive(from.segment, -moved);
  draft.addLive(to.segment, moved);
}

function moveBody(
  draft: Draft,
  { from }: PayloadMove,
  owner: Extract<MoveOwner, { kind: 'body' }>,
  to: PayloadRef,
): void {
  const key = omapKey(owner.object, owner.key);
  const stored = draft.get(key);
  if (stored === undefined) return;
  const value = decodeOmapValue(stored);
  const index = value.bodies.findIndex(({ slot, payload }) => {
    return slot === owner.slot && payload !== undefined && isSamePayload(payload, from);
  });
  const old = value.bodies[index];
  if (old === undefined) return;
  // The record of the move names the present key: from here on the log tells again whose it is.
  if (old.isMoved) draft.delete(payloadOwnerKey(from));
  const body: OmapBody = { slot: owner.slot, payload: to, isMoved: false };
  draft.put(key, encodeOmapValue({ head: value.head, bodies: value.bodies.with(index, body) }));
  draft.addLive(from.segment, -from.bytes);
  draft.addLive(to.segment, to.bytes);
}

function moveShared(draft: Draft, { from }: PayloadMove, id: number, to: PayloadRef): void {
  const stored = draft.get(sharedKey(id));
  if (stored === undefined) return;
  const shared = decodeSharedPayload(stored);
  if (!isSamePayload(shared.payload, from)) return;
  draft.put(sharedKey(id), encodeSharedPayload({ ...shared, payload: to }));
  draft.delete(payloadOwnerKey(from));
  draft.put(payloadOwnerKey(to), encodePayloadOwner({ kind: 'shared', id }));
  draft.addLive(from.segment, -from.bytes);
  draft.addLive(to.segment, to.bytes);
}
