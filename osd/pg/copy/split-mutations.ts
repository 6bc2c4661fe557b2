/**
 * Parts of objects as several transactions, where one store takes smaller ones than the copy they came from: for joins, which are
 * not whole before all of them are there.
 */
import { totalBytes } from '../../../base/bytes.js';
import { payloadOf, type Mutation, type Payload } from '../../store/transaction.js';

/** Of a mutation beside its bytes: key, name of the object, checksums. */
const overheadBytes = 8 * 1024;

/** In order. Each list has at most about `bytesMax`, which is well above the overhead of a mutation. */
export function splitMutations(mutations: readonly Mutation[], bytesMax: number): Mutation[][] {
  const pieceBytes = Math.max(4_096, Math.floor(bytesMax / 2) - overheadBytes);
  const lists: Mutation[][] = [[]];
  let bytes = 0;
  for (const whole of mutations) {
    for (const mutation of piecesOf(whole, pieceBytes)) {
      const size = mutationBytes(mutation);
      if (bytes + size > bytesMax && bytes > 0) {
        lists.push([]);
        bytes = 0;
      }
      lists.at(-1)?.push(mutation);
      bytes += size;
    }
  }
  return lists;
}

function* piecesOf(mutation: Mutation, bytesMax: number): Generator<Mutation> {
  if (mutation.kind === 'write' && mutation.data.bytes > bytesMax) {
    for (let at = 0; at < mutation.data.bytes; at += bytesMax) {
      const data = cut(mutation.data, at, Math.min(mutation.data.bytes, at + bytesMax));
      yield { ...mutation, offset: mutation.offset + at, data };
    }
    return;
  }
  if (mutation.kind !== 'omap-set' || mutationBytes(mutation) <= bytesMax || mutation.bodies.length < 2) {
    yield mutation;
    return;
  }
  yield { ...mutation, bodies: [] };
  for (const body of mutation.bodies) yield { ...mutation, head: undefined, bodies: [body] };
}

function cut({ pieces }: Payload, from: number, to: number): Payload {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const piece of pieces) {
    const start = Math.max(from - at, 0);
    const end = Math.min(to - at, piece.byteLength);
    if (start < end) parts.push(piece.subarray(start, end));
    at += piece.byteLength;
  }
  return payloadOf(...parts);
}

/** About, of what it takes of a transaction. */
export function mutationBytes(mutation: Mutation): number {
  const { kind } = mutation;
  if (kind === 'write' || kind === 'append') return mutation.data.bytes + mutation.data.bytes / 256 + fixedBytes;
  if (kind === 'pg-set' || kind === 'set-mark') return mutation.value.byteLength + fixedBytes;
  if (kind === 'set-attributes') return totalBytes([...mutation.set.values()]) + fixedBytes;
  if (kind !== 'omap-set') return fixedBytes;
  const bodies = mutation.bodies.reduce((sum, { body }) => sum + (body?.bytes ?? 0), 0);
  return bodies + (mutation.head?.byteLength ?? 0) + fixedBytes;
}

/** Names and keys, about. */
const fixedBytes = 512;
