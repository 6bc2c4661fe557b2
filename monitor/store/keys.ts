/**
 * Where things are in the key-value store. Numbers in keys are 64-bit big-endian, so that their order is the keys'.
 *
 *     h                        the head: what the store holds as of its last batch
 *     b<batch>                 batch records, the last `batchRecordsKept`
 *     e<index>                 log entries
 *     s<generation><chunk>     chunks of snapshots; the head names the generations that count
 */
import { latin1Bytes, latin1Text, viewBuffer } from '../../base/bytes.js';
import { invariant } from '../../base/invariant.js';
import type { KvKey } from '../../runtime/kv.js';

export const headKey: KvKey = 'h';

/** How far back the batches must be present without a gap. The OSD store keeps as many checkpoints. */
export const batchRecordsKept = 64;

const numberBytes = 8;

export function batchKey(batch: number): KvKey {
  return `b${numberText(batch)}`;
}

export function entryKey(index: number): KvKey {
  return `e${numberText(index)}`;
}

export function chunkKey(generation: number, chunk: number): KvKey {
  return `s${numberText(generation)}${numberText(chunk)}`;
}

/** All keys that begin with `letter`. */
export function rangeOf(letter: 'b' | 'e' | 's'): { readonly gte: KvKey; readonly lt: KvKey } {
  return { gte: letter, lt: String.fromCharCode(letter.charCodeAt(0) + 1) };
}

/** The chunks of one snapshot. */
export function rangeOfGeneration(generation: number): { readonly gte: KvKey; readonly lt: KvKey } {
  return { gte: `s${numberText(generation)}`, lt: `s${numberText(generation + 1)}` };
}

export type ParsedKey =
  | { readonly kind: 'head' }
  | { readonly kind: 'batch'; readonly batch: number }
  | { readonly kind: 'entry'; readonly index: number }
  | { readonly kind: 'chunk'; readonly generation: number; readonly chunk: number };

/** `undefined` for a key that this store never writes. */
export function parseKey(key: KvKey): ParsedKey | undefined {
  if (key === headKey) return { kind: 'head' };
  const first = parseNumber(key, 1);
  if (first === undefined) return undefined;
  if (key.length === 1 + numberBytes && key.startsWith('b')) return { kind: 'batch', batch: first };
  if (key.length === 1 + numberBytes && key.startsWith('e')) return { kind: 'entry', index: first };
  const second = parseNumber(key, 1 + numberBytes);
  if (second === undefined || key.length !== 1 + 2 * numberBytes || !key.startsWith('s')) return undefined;
  return { kind: 'chunk', generation: first, chunk: second };
}

function numberText(value: number): string {
  invariant(Number.isSafeInteger(value) && value >= 0, 'a number in a key is a safe integer from 0', { value });
  const bytes = Buffer.allocUnsafe(numberBytes);
  bytes.writeUInt32BE(Math.floor(value / 2 ** 32), 0);
  bytes.writeUInt32BE(value % 2 ** 32, 4);
  return latin1Text(bytes);
}

function parseNumber(key: KvKey, from: number): number | undefined {
  if (key.length < from + numberBytes) return undefined;
  const bytes = viewBuffer(latin1Bytes(key.slice(from, from + numberBytes)));
  const value = bytes.readUInt32BE(0) * 2 ** 32 + bytes.readUInt32BE(4);
  return Number.isSafeInteger(value) ? value : undefined;
}
