import { S3Error } from '../s3-error.js';
import { equalSecrets } from './equal-secrets.js';
import type { SigningKey } from './signing-key.js';
import { sign } from './signing-key.js';
import type { SigningContext } from './string-to-sign.js';
import { chunkStringToSign, trailerStringToSign } from './string-to-sign.js';

/** Where the chain of a body's signatures starts. */
export interface SignatureSeed extends SigningContext {
  /** Of the request. */
  readonly signature: string;
  readonly key: SigningKey;
}

/**
 * Signatures of the chunks of a body: each covers the one before, so that no chunk can be left out, repeated or moved. Hashes are
 * hexadecimal SHA-256.
 */
export class ChunkSignatures {
  readonly #seed: SignatureSeed;
  #previous: string;

  constructor(seed: SignatureSeed) {
    this.#seed = seed;
    this.#previous = seed.signature;
  }

  /** Throws `SignatureDoesNotMatch`. */
  verifyChunk(sha256: string, provided: string): void {
    this.#verify('a chunk of the body', chunkStringToSign(this.#seed, this.#previous, sha256), provided);
  }

  /** `sha256`: of the trailers, a line `name:value\n` each. Throws `SignatureDoesNotMatch`. */
  verifyTrailers(sha256: string, provided: string): void {
    this.#verify('the trailers of the body', trailerStringToSign(this.#seed, this.#previous, sha256), provided);
  }

  #verify(what: string, stringToSign: string, provided: string): void {
    if (!equalSecrets(sign(this.#seed.key, stringToSign), provided)) {
      throw new S3Error('SignatureDoesNotMatch', {
        message: `The signature that we calculated for ${what} does not match the one that you provided.`,
        fields: { StringToSign: stringToSign, SignatureProvided: provided },
      });
    }
    this.#previous = provided;
  }
}
