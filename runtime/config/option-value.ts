/** What one setting may be, in words and in code. */
import { CairnError, isCairnError } from '../../base/errors.js';
import { unreachable } from '../../base/invariant.js';
import { addressForm, parseAddress } from '../../base/parse-address.js';
import { bytesForm, parseBytes, showBytes } from '../../base/parse-bytes.js';
import { durationForm, parseDuration, showDuration } from '../../base/parse-duration.js';
import type { Option, OptionValue } from './option.js';

/** A value as it was written: one text, or several where the file has a list. */
export type WrittenValue = string | readonly string[];

/** Longer values are shown cut in errors. */
const shownLengthMax = 60;

const listCountMax = 1_000;

/** Throws `INVALID_ARGUMENT`, as `where is "5 apples"; write a whole number from 1 to 10`. */
export function parseOptionValue(option: Option, written: WrittenValue, where: string): OptionValue {
  const value = option.type === 'list' ? parseList(option, written) : parseOne(option, written);
  if (value !== undefined) return value;
  throw new CairnError('INVALID_ARGUMENT', `${where} is ${show(written)}; write ${allowedText(option)}`);
}

/** What may be written: `a size such as 64MiB or 4GiB, from 256MiB`. */
export function allowedText(option: Option): string {
  switch (option.type) {
    case 'string':
      return option.oneOf === undefined ? 'a text that is not empty' : `one of ${option.oneOf.join(', ')}`;
    case 'int':
      return `a whole number${rangeText(option.min, option.max, String)}${option.unit === undefined ? '' : ` (${option.unit})`}`;
    case 'bool':
      return 'true or false';
    case 'duration':
      return `${durationForm}${rangeText(option.min, option.max, (text) => showDuration(parseDuration(text)))}`;
    case 'bytes':
      return `${bytesForm}${rangeText(option.min, option.max, (text) => showBytes(parseBytes(text)))}`;
    case 'address':
      return addressForm;
    case 'path':
      return 'the path of a file';
    case 'list':
      return `a list of 1 to ${option.countMax ?? listCountMax} texts, such as a,b,c`;
    default:
      return unreachable(option);
  }
}

/** `undefined` when it is not allowed. */
function parseOne(option: Exclude<Option, { type: 'list' }>, written: WrittenValue): OptionValue | undefined {
  if (typeof written !== 'string') return undefined;
  switch (option.type) {
    case 'string':
      return written !== '' && option.oneOf?.includes(written) !== false ? written : undefined;
    case 'int':
      return /^-?[0-9]{1,16}$/.test(written) ? within(Number(written), option.min, option.max) : undefined;
    case 'bool':
      return written === 'true' ? true : written === 'false' ? false : undefined;
    case 'duration':
      return within(
        attempt(parseDuration, written),
        bound(parseDuration, option.min),
        bound(parseDuration, option.max),
      );
    case 'bytes':
      return within(attempt(parseBytes, written), bound(parseBytes, option.min), bound(parseBytes, option.max));
    case 'address':
      return attempt(parseAddress, written);
    case 'path':
      return written === '' ? undefined : written;
    default:
      return unreachable(option);
  }
}

function parseList(option: { readonly countMax?: number }, written: WrittenValue): readonly string[] | undefined {
  const items = typeof written === 'string' ? written.split(',').map((item) => item.trim()) : written;
  const isSound = items.length >= 1 && items.length <= (option.countMax ?? listCountMax) && !items.includes('');
  return isSound ? items : undefined;
}

function attempt<T>(parse: (text: string) => T, text: string): T | undefined {
  try {
    return parse(text);
  } catch (error) {
    if (isCairnError(error, 'PARSE_ERROR')) return undefined;
    throw error;
  }
}

function bound(parse: (text: string) => number, text: string | undefined): number | undefined {
  return text === undefined ? undefined : parse(text);
}

function within(value: number | undefined, min = -Infinity, max = Infinity): number | undefined {
  return value !== undefined && Number.isSafeInteger(value) && value >= min && value <= max ? value : undefined;
}

function rangeText<T>(min: T | undefined, max: T | undefined, showBound: (bound: T) => string): string {
  const from = min === undefined ? '' : ` from ${showBound(min)}`;
  const to = max === undefined ? '' : ` up to ${showBound(max)}`;
  return from === '' && to === '' ? '' : `,${from}${to}`;
}

function show(written: WrittenValue): string {
  if (written === '') return 'empty';
  if (typeof written !== 'string') return `a list of ${written.length}`;
  return JSON.stringify(written.length > shownLengthMax ? `${written.slice(0, shownLengthMax)}…` : written);
}
