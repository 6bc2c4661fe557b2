/** Settings of pools as operators write them. Errors: `INVALID_ARGUMENT`, `PARSE_ERROR`, with what to write instead. */
import { CairnError } from '../base/errors.js';
import { parseBytes } from '../base/parse-bytes.js';
import { parseDuration } from '../base/parse-duration.js';
import type { PoolMode } from '../cluster/pool.js';

/** Defaults of an async pool: one copy is acknowledged, and the others lag by little enough to be seen on a graph. */
const ackCopiesDefault = 1;
const maxLagMsDefault = 5_000;
const maxLagBytesDefault = 64 * 1024 * 1024;

/** `5s/64MiB`, or one of the two: how far the slowest copy may lag. */
export function parseMaxLag(text: string): { readonly maxLagMs: number; readonly maxLagBytes: number } {
  const [first = '', second, ...rest] = text.split('/');
  if (rest.length > 0) throw new CairnError('INVALID_ARGUMENT', `"${text}" is no lag; write TIME/SIZE, as in 5s/64MiB`);
  if (second !== undefined) return { maxLagMs: parseDuration(first), maxLagBytes: parseBytes(second) };
  return /[a-z]$/.test(first)
    ? { maxLagMs: parseDuration(first), maxLagBytes: maxLagBytesDefault }
    : { maxLagMs: maxLagMsDefault, maxLagBytes: parseBytes(first) };
}

export interface AsyncOptions {
  readonly ackCopies?: number;
  readonly maxLag?: string;
}

/** An async mode with what is not given from `base`, or from the defaults. */
export function asyncMode({ ackCopies, maxLag }: AsyncOptions, base?: PoolMode): PoolMode {
  const given = base?.kind === 'async' ? base : undefined;
  const lag =
    maxLag === undefined
      ? { maxLagMs: given?.maxLagMs ?? maxLagMsDefault, maxLagBytes: given?.maxLagBytes ?? maxLagBytesDefault }
      : parseMaxLag(maxLag);
  return { kind: 'async', ackCopies: ackCopies ?? given?.ackCopies ?? ackCopiesDefault, ...lag };
}

/** `4KiB`, or a bare number of bytes. */
export function parseSize(text: string): number {
  return parseBytes(text);
}

export function parseCount(text: string, what: string): number {
  const value = Number(text);
  if (/^[0-9]{1,16}$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new CairnError('INVALID_ARGUMENT', `${what} cannot be "${text.slice(0, 40)}"; write a whole number`);
}

export function parseSwitch(text: string, what: string): boolean {
  if (['true', 'yes', 'on', '1'].includes(text)) return true;
  if (['false', 'no', 'off', '0'].includes(text)) return false;
  throw new CairnError('INVALID_ARGUMENT', `${what} cannot be "${text.slice(0, 40)}"; write true or false`);
}
