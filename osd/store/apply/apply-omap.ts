/** Mutations of an object's omap. */
import { emptyBytes } from '../../../base/bytes.js';
import { omapKey, payloadOwnerKey } from '../format/index-key.js';
import { decodeOmapValue, encodeOmapValue, type OmapBody } from '../format/omap-value.js';
import { encodePayloadOwner } from '../format/payload-owner.js';
import type { PayloadRef } from '../format/payload-ref.js';
import type { BodyChange, PayloadSize } from '../transaction.js';
import { rangeBelow, type Draft } from './draft.js';
import type { ObjectEditor } from './object-editor.js';

export interface OmapSet {
  readonly key: string;
  readonly head: Uint8Array | undefined;
  readonly bodies: readonly BodyChange<PayloadSize>[];
}

/** `payloads` has one for each body of the change that is not empty, in their order. */
export function applyOmapSet(draft: Draft, editor: ObjectEditor, set: OmapSet, payloads: readonly PayloadRef[]): void {
  const key = omapKey(editor.object, set.key);
  const stored = draft.get(key);
  const old = stored === undefined ? undefined : decodeOmapValue(stored);
  const bodies = new Map<number, OmapBody>((old?.bodies ?? []).map((body) => [body.slot, body]));
  let next = 0;
  for (const { slot, body } of set.bodies) {
    const replaced = bodies.get(slot);
    if (replaced !== undefined) releaseBody(draft, replaced);
    if (body === undefined) {
      bodies.delete(slot);
      continue;
    }
    const payload = body.bytes > 0 ? payloads[next++] : undefined;
    if (payload !== undefined) draft.addLive(payload.segment, payload.bytes);
    bodies.set(slot, { slot, payload, isMoved: false });
  }
  const sorted = Array.from(bodies.values()).sort((a, b) => a.slot - b.slot);
  draft.put(key, encodeOmapValue({ head: set.head ?? old?.head ?? emptyBytes, bodies: sorted }));
  markOmap(editor);
}

export function applyOmapRemove(draft: Draft, editor: ObjectEditor, name: string): void {
  const key = omapKey(editor.object, name);
  const stored = draft.get(key);
  if (stored === undefined) return;
  for (const body of decodeOmapValue(stored).bodies) releaseBody(draft, body);
  draft.delete(key);
}

/** What the removed values kept in use is known when a checkpoint walks them (index/layer.ts). */
export function applyOmapRemoveRange(draft: Draft, editor: ObjectEditor, from: string, to: string | undefined): void {
  if (editor.hasOmap) draft.removeRange(rangeBelow(`m${editor.object.key}`, from, to));
}

export function applyOmapMove(draft: Draft, editor: ObjectEditor, from: string, to: string): void {
  const fromKey = omapKey(editor.object, from);
  const stored = draft.get(fromKey);
  if (stored === undefined || from === to) return;
  applyOmapRemove(draft, editor, to);
  const value = decodeOmapValue(stored);
  const bodies = value.bodies.map((body): OmapBody => ({ ...body, isMoved: body.payload !== undefined }));
  for (const { slot, payload } of bodies) {
    if (payload === undefined) continue;
    const owner = encodePayloadOwner({ kind: 'body', objectKey: editor.object.key, key: to, slot });
    draft.put(payloadOwnerKey(payload), owner);
  }
  draft.put(omapKey(editor.object, to), encodeOmapValue({ head: value.head, bodies }));
  draft.delete(fromKey);
  markOmap(editor);
}

function markOmap(editor: ObjectEditor): void {
  editor.create();
  editor.setHasOmap();
}

/** Nothing shows the body any more. */
function releaseBody(draft: Draft, { payload, isMoved }: OmapBody): void {
  if (payload === undefined) return;
  draft.addLive(payload.segment, -payload.bytes);
  if (isMoved) draft.delete(payloadOwnerKey(payload));
}
