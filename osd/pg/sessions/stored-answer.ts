/**
 * An answer that outlives its log entry: a value of the PG, so that it is copied and split with it. Most answers are never
 * stored: the log is longer than clients wait.
 *
 *     key     'session/'  session, 16 bytes  request, u64 big-endian         value   format u8  seq varint  reply
 *
 * Keys of one session stand together, in the order of their requests.
 */
import { ByteReader } from '../../../base/byte-reader.js';
import { ByteWriter } from '../../../base/byte-writer.js';
import { copyBytes, latin1Bytes, latin1Text } from '../../../base/bytes.js';
import { CairnError } from '../../../base/errors.js';
import { invariant } from '../../../base/invariant.js';

export const sessionIdBytes = 16;

/** Before every key; the first key behind all of them is `storedAnswersEnd`. */
export const storedAnswersPrefix = 'session/';
export const storedAnswersEnd = 'session0';

const format = 1;
const keyBytes = storedAnswersPrefix.length + sessionIdBytes + 8;

export interface StoredAnswer {
  /** latin1, one character a byte. */
  readonly session: string;
  readonly request: number;
  /** Of the entry that made it. */
  readonly seq: number;
  readonly reply: Uint8Array;
}

/** latin1, as keys of the PG are. */
export function storedAnswerKey(session: string, request: number): string {
  invariant(session.length === sessionIdBytes, 'a session has 16 bytes', { length: session.length });
  invariant(Number.isSafeInteger(request) && request >= 1, 'requests are numbered from 1', { request });
  const number = new Uint8Array(8);
  new DataView(number.buffer).setBigUint64(0, BigInt(request));
  return storedAnswersPrefix + session + latin1Text(number);
}

export function encodeStoredAnswer({ seq, reply }: Pick<StoredAnswer, 'seq' | 'reply'>): Uint8Array {
  const writer = new ByteWriter(reply.byteLength + 16);
  writer.u8(format);
  writer.varint(seq);
  writer.raw(reply);
  return writer.bytes();
}

/** `PARSE_ERROR` for a key or a value that is none. The reply is a copy. */
export function decodeStoredAnswer(key: string, value: Uint8Array): StoredAnswer {
  const { session, request } = decodeStoredAnswerKey(key);
  const reader = new ByteReader(value);
  const version = reader.u8('the format of a stored answer');
  if (version !== format) throw reader.error(`a stored answer of unknown format ${version}`, 0);
  const seq = reader.varint('a sequence number', Number.MAX_SAFE_INTEGER, 1);
  const reply = copyBytes(reader.viewRaw(reader.left, 'a reply'));
  return { session, request, seq, reply };
}

/** `PARSE_ERROR` for a key that is none. */
export function decodeStoredAnswerKey(key: string): { readonly session: string; readonly request: number } {
  const isKey = key.length === keyBytes && key.startsWith(storedAnswersPrefix);
  if (!isKey) throw new CairnError('PARSE_ERROR', 'this is no key of a stored answer');
  const session = key.slice(storedAnswersPrefix.length, -8);
  const number = latin1Bytes(key.slice(-8));
  const request = Number(new DataView(number.buffer, number.byteOffset, 8).getBigUint64(0));
  const isNumber = Number.isSafeInteger(request) && request >= 1;
  if (!isNumber) throw new CairnError('PARSE_ERROR', `${request} is no number of a request`);
  return { session, request };
}
