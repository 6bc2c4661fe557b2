/**
 * What a request was answered, as its log entry keeps it: a repetition gets the same again, from whoever leads by then.
 *
 *     format  kind (reply, error)  MessagePack of the reply, or of code, message, details
 */
import { concatBytes } from '../../base/bytes.js';
import { CairnError, errorCodes, type ErrorCode } from '../../base/errors.js';
import type { OpReply } from '../../protocol/osd-methods.js';
import { decodeHeader, encodeHeader } from '../../wire/header-codec.js';

export type StoredReply =
  { readonly kind: 'reply'; readonly reply: OpReply } | { readonly kind: 'error'; readonly error: CairnError };

const format = 1;
const kindReply = 1;
const kindError = 2;

export function encodeStoredReply(answer: StoredReply): Uint8Array {
  if (answer.kind === 'reply') return concatBytes([Uint8Array.of(format, kindReply), encodeHeader(answer.reply)]);
  const { code, message, details } = answer.error;
  return concatBytes([Uint8Array.of(format, kindError), encodeHeader({ code, message, details })]);
}

/** `PARSE_ERROR` and `PROTOCOL_ERROR` for what is none of a known format. */
export function decodeStoredReply(bytes: Uint8Array): StoredReply {
  const [version, kind] = bytes;
  if (version !== format) throw new CairnError('PARSE_ERROR', `a stored reply of unknown format ${version}`);
  const value = decodeHeader(bytes, 2, bytes.byteLength);
  if (kind === kindReply && isReply(value)) return { kind: 'reply', reply: value };
  if (kind === kindError && isError(value)) {
    const { code, message, details } = value;
    return { kind: 'error', error: new CairnError(code, message, { details }) };
  }
  throw new CairnError('PARSE_ERROR', 'a stored reply that is none');
}

function isReply(value: unknown): value is OpReply {
  return typeof value === 'object' && value !== null && 'results' in value && Array.isArray(value.results);
}

function isError(value: unknown): value is { code: ErrorCode; message: string; details: Record<string, unknown> } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'code' in value &&
    typeof value.code === 'string' &&
    value.code in errorCodes &&
    'message' in value &&
    typeof value.message === 'string' &&
    'details' in value &&
    typeof value.details === 'object'
  );
}
