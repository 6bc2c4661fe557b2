/** A transaction as it was sent: its record, and behind one another the bytes that its mutations write. */
import { CairnError } from '../../base/errors.js';
import { payloadOf, type Mutation, type PayloadSize } from '../store/transaction.js';

/** Views of `payload`. `PROTOCOL_ERROR` when that has not just as many bytes as the records of these mutations say. */
export function attachPayloads(mutations: readonly Mutation<PayloadSize>[], payload: Uint8Array): Mutation[] {
  let at = 0;
  const take = (bytes: number): Uint8Array => {
    if (at + bytes > payload.byteLength) throw mismatch();
    const taken = payload.subarray(at, at + bytes);
    at += bytes;
    return taken;
  };
  const attached = mutations.map((mutation): Mutation => {
    if (mutation.kind === 'write') {
      const { object, offset, data } = mutation;
      return { kind: 'write', object, offset, data: payloadOf(take(data.bytes)) };
    }
    if (mutation.kind === 'append') {
      return { kind: 'append', object: mutation.object, data: payloadOf(take(mutation.data.bytes)) };
    }
    if (mutation.kind !== 'omap-set') return mutation;
    const { object, key, head } = mutation;
    const bodies = mutation.bodies.map(({ slot, body }) => ({ slot, body: body && payloadOf(take(body.bytes)) }));
    return { kind: 'omap-set', object, key, head, bodies };
  });
  if (at !== payload.byteLength) throw mismatch();
  return attached;
}

/** The other way: the pieces in the order in which they are taken. */
export function payloadsOf(mutations: readonly Mutation[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (const mutation of mutations) {
    if (mutation.kind === 'write' || mutation.kind === 'append') pieces.push(...mutation.data.pieces);
    else if (mutation.kind === 'omap-set') {
      for (const { body } of mutation.bodies) if (body !== undefined) pieces.push(...body.pieces);
    }
  }
  return pieces;
}

function mismatch(): CairnError {
  return new CairnError('PROTOCOL_ERROR', 'a change came with more or fewer bytes than its record says');
}
