/** What tests of framed bodies share. */
import type { SignatureSeed } from '../../../gateway/auth/chunk-signatures.js';
import { deriveSigningKey } from '../../../gateway/auth/signing-key.js';
import { exampleKeys, exampleScope, scopeOf, sha256 } from '../auth/signer.js';

const seedSignature = sha256('the request');

/** For `frame`. */
export const signing = { keys: exampleKeys, scope: exampleScope, seed: seedSignature };

/** For the decoder: of `signing`. */
export function seedOf(): SignatureSeed {
  const { region, service, stamp } = exampleScope;
  return {
    signature: seedSignature,
    key: deriveSigningKey(exampleKeys.secretKey, { date: stamp.slice(0, 8), region, service }),
    stamp,
    scope: scopeOf(exampleScope),
  };
}

/** Bytes of every value, line ends among them. */
export function bytesOf(count: number, start: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => (start + i * 7) & 0xff);
}
