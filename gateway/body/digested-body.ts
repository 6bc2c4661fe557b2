/** A body on its way to where it is stored: its pieces go through unchanged, and in the end its digests are known and checked. */
import { equalBytes, hexText } from '../../base/bytes.js';
import { invariant } from '../../base/invariant.js';
import type { HashAlgorithm } from '../../runtime/hasher.js';
import type { Digests, Hashing, HashStream } from '../../runtime/hashing.js';
import type { BodySource, HeaderMap } from '../http/request.js';
import { S3Error } from '../s3-error.js';
import { base64Text } from './base64-digest.js';
import { type ChecksumAlgorithm, defaultChecksumAlgorithm, hashOf } from './checksum-algorithm.js';
import { checksumInTrailer, type DeclaredChecksum } from './checksum-headers.js';
import { badDigest } from './object-checksum.js';

/** What the client promised of the body, and what is stored of it. */
export interface BodyPromises {
  /** `Content-Length`, or `x-amz-decoded-content-length`; `undefined` where there is neither. */
  readonly bytes: number | undefined;
  readonly contentMd5: Uint8Array | undefined;
  readonly checksum: DeclaredChecksum | undefined;
  /** What is calculated where `checksum` is `undefined`, so of a part its upload's. Default `defaultChecksumAlgorithm`. */
  readonly storedAlgorithm?: ChecksumAlgorithm | undefined;
  /** `x-amz-content-sha256` where it is a hash: 64 digits in lower case. */
  readonly contentSha256: string | undefined;
  /** What came after the body, names in lower case; asked for only once the body has ended. */
  readonly trailer?: () => HeaderMap;
}

export interface BodyDigests {
  readonly bytes: number;
  readonly md5: Uint8Array;
  readonly algorithm: ChecksumAlgorithm;
  readonly checksum: Uint8Array;
}

/** Read it to its end, then ask `verify`. If it is not read to its end, `abandon` it. */
export class DigestedBody implements AsyncIterable<Uint8Array> {
  readonly #source: BodySource;
  readonly #promises: BodyPromises;
  readonly #algorithm: ChecksumAlgorithm;
  readonly #stream: HashStream;
  #bytes = 0;
  #state: 'new' | 'reading' | 'ended' | 'verified' = 'new';

  /** `source`: decoded, without what `aws-chunked` adds. */
  constructor(hashing: Hashing, source: BodySource, promises: BodyPromises) {
    this.#source = source;
    this.#promises = promises;
    this.#algorithm = promises.checksum?.algorithm ?? promises.storedAlgorithm ?? defaultChecksumAlgorithm;
    const hashes: HashAlgorithm[] = ['md5', hashOf(this.#algorithm)];
    if (promises.contentSha256 !== undefined) hashes.push('sha256');
    this.#stream = hashing.start([...new Set(hashes)], promises.bytes);
  }

  /**
   * The pieces, each the reader's until it asks for the next. Once. Throws what the source throws, and `IncompleteBody` as soon as it has
   * more bytes than promised, or at its end fewer.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    invariant(this.#state === 'new', 'a body is read once');
    this.#state = 'reading';
    const promised = this.#promises.bytes;
    for await (const piece of this.#source) {
      this.#bytes += piece.byteLength;
      if (promised !== undefined && this.#bytes > promised) throw incomplete(promised, this.#bytes);
      const hashed = this.#stream.update(piece);
      // Whoever stores the piece works meanwhile. A failure is thrown below; unseen until then, it would stop the daemon.
      hashed.catch(() => {});
      try {
        yield piece;
      } finally {
        await hashed;
      }
    }
    if (promised !== undefined && this.#bytes < promised) throw incomplete(promised, this.#bytes);
    this.#state = 'ended';
  }

  /**
   * After the end: the digests, if all is as promised. Throws `XAmzContentSHA256Mismatch`, `BadDigest`, and `InvalidRequest` for a
   * trailer that lacks the checksum or has a malformed one. Once.
   */
  async verify(): Promise<BodyDigests> {
    invariant(this.#state === 'ended', 'a body is verified after its end, once');
    this.#state = 'verified';
    const digests = await this.#stream.finish();
    const { contentSha256, contentMd5 } = this.#promises;
    const md5 = digest(digests, 'md5');
    const checksum = digest(digests, hashOf(this.#algorithm));
    if (contentSha256 !== undefined) checkSha256(contentSha256, digest(digests, 'sha256'));
    if (contentMd5 !== undefined && !equalBytes(contentMd5, md5)) throw badMd5(contentMd5, md5);
    const expected = this.#expectedChecksum();
    if (expected !== undefined && !equalBytes(expected, checksum)) throw badDigest(this.#algorithm);
    return { bytes: this.#bytes, md5, algorithm: this.#algorithm, checksum };
  }

  /** For a body that will not be verified. Idempotent. */
  abandon(): void {
    this.#stream.abandon();
  }

  #expectedChecksum(): Uint8Array | undefined {
    const { checksum, trailer } = this.#promises;
    if (checksum === undefined || checksum.value !== undefined) return checksum?.value;
    return checksumInTrailer(checksum.algorithm, trailer?.() ?? new Map());
  }
}

function digest(digests: Digests, algorithm: HashAlgorithm): Uint8Array {
  const bytes = digests.get(algorithm);
  invariant(bytes !== undefined, 'each digest that was wanted is there', { algorithm });
  return bytes;
}

function checkSha256(expected: string, actual: Uint8Array): void {
  if (hexText(actual) === expected) return;
  throw new S3Error('XAmzContentSHA256Mismatch', {
    fields: { ClientComputedContentSHA256: expected, S3ComputedContentSHA256: hexText(actual) },
  });
}

function badMd5(expected: Uint8Array, actual: Uint8Array): S3Error {
  return new S3Error('BadDigest', {
    message: 'The Content-MD5 you specified did not match what we received.',
    fields: { ExpectedDigest: base64Text(expected), CalculatedDigest: base64Text(actual) },
  });
}

function incomplete(promised: number, actual: number): S3Error {
  return new S3Error('IncompleteBody', {
    message: 'The request body does not have the number of bytes specified by its headers.',
    fields: { NumberBytesExpected: String(promised), NumberBytesProvided: String(actual) },
  });
}
