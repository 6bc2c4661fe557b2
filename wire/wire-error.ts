/** Errors that cross the wire, in the header of `error` and `goodbye` frames. */
import { CairnError, errorCodes, type Applied, type ErrorCode } from '../base/errors.js';
import { decodeHeader, viewEncodedHeader } from './header-codec.js';

const messageCharactersMax = 2000;

/**
 * The bytes of `error`, valid until the next encoding: at most `bytesMax`, what the peer takes as a header. Details that
 * cannot be encoded or do not fit are left out; then the sentence is cut.
 */
export function viewEncodedError(error: CairnError, bytesMax = detailsBytesMax): Uint8Array {
  const { code, applied } = error;
  const message = error.message.slice(0, messageCharactersMax);
  const viewDetailed = viewWithDetails(error, message);
  if (viewDetailed !== undefined && viewDetailed.byteLength <= Math.min(bytesMax, detailsBytesMax)) return viewDetailed;
  const viewPlain = viewEncodedHeader({ code, message, applied });
  if (viewPlain.byteLength <= bytesMax) return viewPlain;
  const charactersMax = Math.max(0, Math.floor((bytesMax - sentenceExcludedBytes) / 3));
  return viewEncodedHeader({ code, message: message.slice(0, charactersMax), applied });
}

function viewWithDetails({ code, applied, details }: CairnError, message: string): Uint8Array | undefined {
  if (Object.keys(details).length === 0) return undefined;
  try {
    const bytes = viewEncodedHeader({ code, message, applied, details });
    decodeHeader(bytes, 0, bytes.byteLength);
    return bytes;
  } catch {
    return undefined;
  }
}

/** The peer's error. A code that only newer peers know becomes `INTERNAL`, with the original in `details.code`. */
export function decodeError(bytes: Uint8Array, start: number, end: number): CairnError {
  const value = decodeHeader(bytes, start, end);
  const fields: Readonly<Record<string, unknown>> = typeof value === 'object' && value !== null ? { ...value } : {};
  const sentence = typeof fields['message'] === 'string' ? fields['message'] : 'the peer reported an error';
  const message = sentence.slice(0, messageCharactersMax);
  const sent = fields['details'];
  const details = typeof sent === 'object' && sent !== null ? { ...sent } : {};
  const { code } = fields;
  const applied = isApplied(fields['applied']) ? fields['applied'] : 'maybe';
  if (isErrorCode(code)) return new CairnError(code, message, { applied, details });
  return new CairnError('INTERNAL', message, { applied, details: { ...details, code } });
}

const detailsBytesMax = 64 * 1024;
/** Room for everything but the sentence, of which a character takes at most three bytes. */
const sentenceExcludedBytes = 64;

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorCodes, code);
}

function isApplied(value: unknown): value is Applied {
  return value === 'no' || value === 'maybe' || value === 'yes';
}
