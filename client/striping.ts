/**
 * A long range of bytes over many objects of one size: which piece of it is where. Pure.
 *
 *     range    |        4 MiB        |        4 MiB        |   …
 *     objects    name.0000000000000000  name.0000000000000001
 */
import { CairnError } from '../base/errors.js';

export const stripeBytesDefault = 4 * 1024 * 1024;

export interface Extent {
  /** From 0. */
  readonly index: number;
  /** Within the object. */
  readonly offset: number;
  readonly bytes: number;
  /** Within the range that was asked for. */
  readonly at: number;
}

/** `name.%016x`: sorts as its index does. */
export function stripeName(name: string, index: number): string {
  return `${name}.${index.toString(16).padStart(16, '0')}`;
}

/** The pieces of a range, in order, none empty. Throws `INVALID_ARGUMENT` for what is no range of safe integers. */
export function* extentsOf(offset: number, bytes: number, stripeBytes: number): Generator<Extent, void, void> {
  checkRange(offset, bytes);
  const end = offset + bytes;
  for (let from = offset; from < end;) {
    const index = Math.floor(from / stripeBytes);
    const to = Math.min(end, (index + 1) * stripeBytes);
    yield { index, offset: from - index * stripeBytes, bytes: to - from, at: from - offset };
    from = to;
  }
}

export function checkRange(offset: number, bytes: number): void {
  const isRange = Number.isSafeInteger(offset) && Number.isSafeInteger(bytes) && Number.isSafeInteger(offset + bytes);
  if (isRange && offset >= 0 && bytes >= 0) return;
  throw new CairnError('INVALID_ARGUMENT', `${bytes} bytes at ${offset} is no range; give whole numbers from 0`);
}
