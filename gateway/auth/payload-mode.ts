/** What `x-amz-content-sha256` says of a body: its hash, or how it is framed, or nothing at all. */
import { S3Error } from '../s3-error.js';

export type PayloadMode =
  /** Hexadecimal in lower case, of the whole body. */
  | { readonly kind: 'sha256'; readonly sha256: string }
  | { readonly kind: 'unsigned' }
  /** Framed by `aws-chunked`, perhaps with trailers. */
  | { readonly kind: 'unsigned-chunks' }
  | { readonly kind: 'signed-chunks'; readonly hasTrailer: boolean };

export const unsignedPayload = 'UNSIGNED-PAYLOAD';

const words: ReadonlyMap<string, PayloadMode> = new Map<string, PayloadMode>([
  [unsignedPayload, { kind: 'unsigned' }],
  ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', { kind: 'unsigned-chunks' }],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', { kind: 'signed-chunks', hasTrailer: false }],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', { kind: 'signed-chunks', hasTrailer: true }],
]);

/** Throws `InvalidArgument`. */
export function parsePayloadMode(value: string): PayloadMode {
  const mode = words.get(value);
  if (mode !== undefined) return mode;
  if (/^[\dA-Fa-f]{64}$/.test(value)) return { kind: 'sha256', sha256: value.toLowerCase() };
  const hint = value.startsWith('STREAMING-AWS4-ECDSA')
    ? 'Signature Version 4A is not supported here; sign with AWS4-HMAC-SHA256.'
    : `x-amz-content-sha256 must be a SHA-256 in hexadecimal or one of ${[...words.keys()].join(', ')}.`;
  throw new S3Error('InvalidArgument', {
    message: hint,
    fields: { ArgumentName: 'x-amz-content-sha256', ArgumentValue: value },
  });
}
