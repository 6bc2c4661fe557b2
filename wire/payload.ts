import type { Payload } from './method.js';

const none: readonly Uint8Array[] = [];

/** The slices of a payload, without empty ones. */
export function payloadPieces(payload: Payload | undefined): readonly Uint8Array[] {
  if (payload === undefined) return none;
  if (payload instanceof Uint8Array) return payload.byteLength === 0 ? none : [payload];
  return payload.some((piece) => piece.byteLength === 0) ? payload.filter((piece) => piece.byteLength > 0) : payload;
}
