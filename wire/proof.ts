/**
 * What the two ends derive from their hellos. The transcript is a hash of both hellos as they went over the wire, so it
 * binds names, roles, nonces, versions, features and limits; the label of each use keeps a proof of one end from being
 * taken for one of the other.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export const proofBytes = 32;

export type End = 'dialer' | 'acceptor';

/** SHA-256 over both hellos, each after its length. */
export function transcriptOf(dialerHello: Uint8Array, acceptorHello: Uint8Array): Uint8Array {
  const hash = createHash('sha256').update('cairn wire transcript 1');
  for (const hello of [dialerHello, acceptorHello]) {
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, hello.byteLength, true);
    hash.update(length).update(hello);
  }
  return hash.digest();
}

/** HMAC-SHA-256 under the dialer's key: `end` proves that it knows the key, in this conversation only. */
export function proofOf(end: End, key: Uint8Array, transcript: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(`cairn wire proof 1 ${end}`).update(transcript).digest();
}

/** In constant time for proofs of the right length. */
export function isProof(expected: Uint8Array, given: Uint8Array): boolean {
  return given.byteLength === expected.byteLength && timingSafeEqual(expected, given);
}

/** Seed of the checksums of what `end` sends. Public: it keeps connections apart, it is no secret. */
export function checksumSeedOf(end: End, transcript: Uint8Array): bigint {
  const digest = createHash('sha256').update(`cairn wire checksum 1 ${end}`).update(transcript).digest();
  return digest.readBigUInt64LE(0);
}
