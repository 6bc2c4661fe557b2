/**
 * What the two handshakes have in common: their inputs and outputs, and refusals.
 *
 *     dialer                            acceptor
 *       hello ───────────────────────────►
 *       ◄─────────────────────────── reply      the acceptor's hello
 *       proof ───────────────────────────►      looks the dialer's key up
 *       ◄───────────────────────── welcome      with the acceptor's proof
 *
 * Either may send `refused` (a code and a sentence) instead and close. Both are state machines without I/O: the shell
 * (`greeting.ts`) sends what they return and feeds them what arrives.
 */
import { CairnError, errorCodes, type ErrorCode } from '../base/errors.js';
import { decodeHeader, encodeHeader } from './header-codec.js';
import { encodeHandshakeMessage, handshakeTypes, type HandshakeMessage } from './handshake-message.js';
import type { Session } from './session.js';

export type HandshakeInput =
  | { readonly kind: 'message'; readonly message: HandshakeMessage }
  /** The answer to `lookup`; `undefined` when nobody of that name is known. */
  | { readonly kind: 'key'; readonly key: Uint8Array | undefined }
  /** Nobody can say now who has which key. */
  | { readonly kind: 'no-key'; readonly error: CairnError };

export type HandshakeOutput =
  | { readonly kind: 'send'; readonly bytes: Uint8Array }
  /** Find the key of this dialer and answer with `key`; `isFresh`: the first answer did not fit, look again. */
  | { readonly kind: 'lookup'; readonly name: string; readonly isFresh: boolean }
  | { readonly kind: 'done'; readonly session: Session }
  /** Close the connection, after sending what came before. */
  | { readonly kind: 'failed'; readonly error: CairnError };

/** Tells the peer why, and fails. */
export function refuse(error: CairnError): HandshakeOutput[] {
  const body = encodeHeader({ code: error.code, message: error.message.slice(0, refusalCharactersMax) });
  return [
    { kind: 'send', bytes: encodeHandshakeMessage(handshakeTypes.refused, body) },
    { kind: 'failed', error },
  ];
}

/** The peer's reason as this end's error. */
export function refusedBy(body: Uint8Array): CairnError {
  const reason = decodeRefusal(body);
  const known = typeof reason.code === 'string' && Object.hasOwn(errorCodes, reason.code);
  const code = known ? (reason.code as ErrorCode) : 'PROTOCOL_ERROR';
  const sentence =
    typeof reason.message === 'string' ? reason.message.slice(0, refusalCharactersMax) : 'no reason given';
  return new CairnError(code, `the peer refused the connection: ${sentence}`, { details: { refusedByPeer: true } });
}

export function unexpected(message: HandshakeMessage): CairnError {
  return new CairnError('PROTOCOL_ERROR', `a handshake message of type ${message.type} is out of place`);
}

/** The same words for an unknown name and for a wrong key, on both ends: neither can be told from the other. */
export function notAuthenticated(name: string): CairnError {
  return new CairnError('AUTHENTICATION_FAILED', `${name} could not prove who it is; check its name and key`);
}

const refusalCharactersMax = 1000;

function decodeRefusal(body: Uint8Array): { readonly code?: unknown; readonly message?: unknown } {
  try {
    const reason = decodeHeader(body, 0, body.byteLength);
    return typeof reason === 'object' && reason !== null ? reason : {};
  } catch {
    return {};
  }
}
