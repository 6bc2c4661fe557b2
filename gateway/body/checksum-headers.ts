/** What a request says about the checksum of its body, and CreateMultipartUpload about those of its parts. */
import type { ChecksumType } from '../../protocol/bucket/checksum.js';
import type { HeaderMap } from '../http/request.js';
import { S3Error } from '../s3-error.js';
import { parseBase64 } from './base64-digest.js';
import {
  algorithmOfHeader,
  allowsType,
  type ChecksumAlgorithm,
  checksumBytes,
  checksumHeader,
  defaultChecksumType,
  parseChecksumAlgorithm,
  parseChecksumType,
} from './checksum-algorithm.js';

/** What a body's checksum has to be. */
export interface DeclaredChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** `undefined`: it comes in the trailer (`checksumInTrailer`). */
  readonly value: Uint8Array | undefined;
}

const sdkHeader = 'x-amz-sdk-checksum-algorithm';

/**
 * Of a request with a body; `undefined`: none. Throws `InvalidRequest` for more than one, malformed ones, and where
 * `x-amz-sdk-checksum-algorithm` names another.
 */
export function parseDeclaredChecksum(headers: HeaderMap): DeclaredChecksum | undefined {
  const declared = checksumsAmong(headers);
  const trailing = announcedChecksums(headers);
  const [first] = declared;
  const [announced] = trailing;
  if (declared.length + trailing.length > 1) {
    throw invalid('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.');
  }
  checkSdkAlgorithm(headers, first?.[0] ?? announced);
  if (announced !== undefined) return { algorithm: announced, value: undefined };
  return first && { algorithm: first[0], value: valueOf(first[0], first[1], 'header') };
}

/** The value that a trailer brought, its names in lower case, for a checksum that was to come there. Throws `InvalidRequest`. */
export function checksumInTrailer(algorithm: ChecksumAlgorithm, trailer: HeaderMap): Uint8Array {
  const header = checksumHeader(algorithm);
  const text = trailer.get(header);
  if (text === undefined) throw invalid(`The trailer lacks ${header}, which x-amz-trailer announced.`);
  if (checksumsAmong(trailer).length > 1) {
    throw invalid('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.');
  }
  return valueOf(algorithm, text, 'trailing header');
}

/** What an upload's parts and its object have. */
export interface UploadChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: ChecksumType;
}

/** Of CreateMultipartUpload; `undefined`: the client names none. Throws `InvalidRequest`. */
export function parseUploadChecksum(headers: HeaderMap): UploadChecksum | undefined {
  const algorithmText = headers.get('x-amz-checksum-algorithm');
  const typeText = headers.get('x-amz-checksum-type');
  if (algorithmText === undefined) {
    if (typeText === undefined) return undefined;
    throw invalid('The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.');
  }
  const algorithm = parseChecksumAlgorithm(algorithmText);
  const type = typeText === undefined ? defaultChecksumType(algorithm) : parseChecksumType(typeText);
  if (allowsType(algorithm, type)) return { algorithm, type };
  throw invalid(`The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`);
}

/** Of CopyObject: which checksum the copy has; `undefined`: that of its source. Throws `InvalidRequest`. */
export function parseCopyChecksumAlgorithm(headers: HeaderMap): ChecksumAlgorithm | undefined {
  const text = headers.get('x-amz-checksum-algorithm');
  return text === undefined ? undefined : parseChecksumAlgorithm(text);
}

/** A part brings its upload's checksum, or none. Throws `InvalidRequest`. `upload`: `undefined` takes any. */
export function checkPartAlgorithm(declared: DeclaredChecksum | undefined, upload: UploadChecksum | undefined): void {
  if (declared === undefined || upload === undefined || declared.algorithm === upload.algorithm) return;
  throw invalid(
    `Checksum Type mismatch occurred, expected checksum Type: ${upload.algorithm.toLowerCase()}, actual checksum Type: ${declared.algorithm.toLowerCase()}`,
  );
}

/** Reads the value of `x-amz-checksum-<alg>` or `<Checksum...>`; `where` goes into the message. Throws `InvalidRequest`. */
function valueOf(algorithm: ChecksumAlgorithm, text: string, where: 'header' | 'trailing header'): Uint8Array {
  const value = parseBase64(text.trim(), checksumBytes(algorithm));
  if (value === undefined) throw invalid(`Value for ${checksumHeader(algorithm)} ${where} is invalid.`);
  return value;
}

function checksumsAmong(headers: HeaderMap): [ChecksumAlgorithm, string][] {
  const found: [ChecksumAlgorithm, string][] = [];
  for (const [name, value] of headers) {
    if (!name.startsWith('x-amz-checksum-') || notValues.has(name)) continue;
    const algorithm = algorithmOfHeader(name);
    if (algorithm === undefined) {
      throw invalid('The algorithm type you specified in x-amz-checksum- header is invalid.');
    }
    found.push([algorithm, value]);
  }
  return found;
}

/** They begin like the headers of values. */
const notValues = new Set(['x-amz-checksum-algorithm', 'x-amz-checksum-type', 'x-amz-checksum-mode']);

/** Of `x-amz-trailer`. Trailers are for checksums only: another name is refused, for its value would be taken for stored. */
function announcedChecksums(headers: HeaderMap): ChecksumAlgorithm[] {
  const names = (headers.get('x-amz-trailer') ?? '').split(',').map((name) => name.trim().toLowerCase());
  return names
    .filter((name) => name !== '')
    .map((name) => {
      const algorithm = algorithmOfHeader(name);
      if (algorithm !== undefined) return algorithm;
      throw invalid('The value specified in the x-amz-trailer header is not supported');
    });
}

function checkSdkAlgorithm(headers: HeaderMap, actual: ChecksumAlgorithm | undefined): void {
  const text = headers.get(sdkHeader);
  if (text === undefined) return;
  const wanted = parseChecksumAlgorithm(text);
  if (actual === undefined) {
    throw invalid(`${sdkHeader} specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.`);
  }
  if (actual !== wanted) throw invalid(`Value for ${sdkHeader} header is invalid.`);
}

function invalid(message: string): S3Error {
  return new S3Error('InvalidRequest', { message });
}
