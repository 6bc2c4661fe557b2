import { utf8Bytes } from '../../base/bytes.js';
import { S3Error } from '../s3-error.js';

/** What a client needs to find out in what its calculation differs; none of it is secret. */
export interface SignatureMismatch {
  readonly accessKey: string;
  readonly signature: string;
  readonly stringToSign: string;
  readonly canonicalRequest: string;
}

export function signatureMismatch({
  accessKey,
  signature,
  stringToSign,
  canonicalRequest,
}: SignatureMismatch): S3Error {
  return new S3Error('SignatureDoesNotMatch', {
    fields: {
      AWSAccessKeyId: accessKey,
      StringToSign: stringToSign,
      SignatureProvided: signature,
      StringToSignBytes: spacedHex(stringToSign),
      CanonicalRequest: canonicalRequest,
      CanonicalRequestBytes: spacedHex(canonicalRequest),
    },
  });
}

/** `41 57 53 34`. */
function spacedHex(text: string): string {
  return Array.from(utf8Bytes(text), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
