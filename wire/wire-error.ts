/** Errors that cross the wire, in the header of `error` and `goodbye` frames. */
import { CairnError, errorCodes, type Applied, type ErrorCode } from '../base/errors.js';
import { decodeHeader, viewEncodedHeader } from './header-codec.js';

const messageCharactersMax = 2000;

/** The bytes of `error`, valid until the next encoding. Details that cannot be encoded are left out. */
export function viewEncodedError(error: CairnError): Uint8Array {
  const { code, applied, details } = error;
  const message = error.message.slice(0, messageCharactersMax);
  const hasDetails = Object.keys(details).length > 0;
  if (!hasDetails) return viewEncodedHeader({ code, message, applied });
  try {
    const bytes = viewEncodedHeader({ code, message, applied, details });
    decodeHeader(bytes, 0, bytes.byteLength);
    return bytes.byteLength <= detailsBytesMax ? bytes : viewEncodedHeader({ code, message, applied });
  } catch {
    return viewEncodedHeader({ code, message, applied });
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

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorCodes, code);
}

function isApplied(value: unknown): value is Applied {
  return value === 'no' || value === 'maybe' || value === 'yes';
}
