/**
 * Arguments and results of commands that are too large for the header of a message travel in its payload: the tree of
 * ten thousand OSDs, a CRUSH map. A command has either; a message without a payload has all in its header.
 */
import { CairnError } from '../base/errors.js';
import { decodeHeader, viewEncodedHeader } from '../wire/header-codec.js';
import type { CommandReply, CommandRequest } from './monitor-methods.js';

/** Beyond, a value moves to the payload: a sixteenth of what a header may have, and more than nearly all values take. */
export const inlineBytesMax = 64 * 1024;

/** Half of what a connection takes. The dump of 30,000 OSDs, or the CRUSH map of 100,000. */
export const valueBytesMax = 16 * 1024 * 1024;

/** Of a result, which comes from a monitor: four bytes a value, as small ones have. Arguments keep the bound of headers. */
const resultValuesMax = 4 * 1024 * 1024;

export interface Packed<Header> {
  readonly header: Header;
  readonly payload?: Uint8Array;
}

/** Throws `INVALID_ARGUMENT` when the arguments are too large, or cannot travel. */
export function packRequest<Request extends CommandRequest>(request: Request): Packed<Request> {
  const payload = payloadOf(request.args, `${request.command}: its arguments have`, 'INVALID_ARGUMENT');
  return payload === undefined ? { header: request } : { header: { ...request, args: undefined }, payload };
}

/** Throws `PROTOCOL_ERROR` and `INVALID_ARGUMENT`. */
export function unpackRequest<Request extends CommandRequest>({ header, payload }: Required<Packed<Request>>): Request {
  if (payload.byteLength === 0) return header;
  if (payload.byteLength > valueBytesMax) {
    throw tooLarge(`${header.command}: its arguments have`, payload.byteLength, 'INVALID_ARGUMENT');
  }
  return { ...header, args: decodeHeader(payload, 0, payload.byteLength) };
}

/** Throws `UNSUPPORTED` when the result is too large. */
export function packReply(reply: CommandReply): Packed<CommandReply> {
  const payload = payloadOf(reply.result, 'the answer has', 'UNSUPPORTED');
  return payload === undefined ? { header: reply } : { header: { ...reply, result: undefined }, payload };
}

/** Throws `PROTOCOL_ERROR`. */
export function unpackReply({ header, payload }: Required<Packed<CommandReply>>): CommandReply {
  if (payload.byteLength === 0) return header;
  return { ...header, result: decodeHeader(payload, 0, payload.byteLength, resultValuesMax) };
}

/** `undefined` for a value that the header has room for. */
function payloadOf(value: unknown, what: string, code: 'INVALID_ARGUMENT' | 'UNSUPPORTED'): Uint8Array | undefined {
  const bytes = viewEncodedHeader(value);
  if (bytes.byteLength <= inlineBytesMax) return undefined;
  if (bytes.byteLength > valueBytesMax) throw tooLarge(what, bytes.byteLength, code);
  return Uint8Array.from(bytes);
}

function tooLarge(what: string, bytes: number, code: 'INVALID_ARGUMENT' | 'UNSUPPORTED'): CairnError {
  return new CairnError(code, `${what} ${bytes} bytes, more than ${valueBytesMax}; ask for less at a time`);
}
