/** How the checks of this folder refuse: what can never be right, and what does not fit the map as it is. */
import { CairnError } from '../../base/errors.js';

/** Throws `INVALID_ARGUMENT` unless `fact` holds; `message` says what is wrong and what to do. */
export function valid(fact: boolean, message: () => string): asserts fact {
  if (!fact) throw new CairnError('INVALID_ARGUMENT', message());
}

/** Throws `CONFLICT` unless `fact` holds. */
export function fits(fact: boolean, message: () => string): asserts fact {
  if (!fact) throw new CairnError('CONFLICT', message());
}

/** `undefined` and missing things alike. Throws `CONFLICT`. */
export function existing<T>(value: T | undefined, message: () => string): T {
  if (value === undefined) throw new CairnError('CONFLICT', message());
  return value;
}

export function isIntegerWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}

/** 0 to 2^53-1: sizes, counters, bits of features. */
export function isCounter(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** One line for people: no control characters, at most `charactersMax`. */
export function isLine(text: string, charactersMax: number): boolean {
  return text.length <= charactersMax && !/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(text);
}

/** For messages about text from outside. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

export const hex32 = /^[0-9a-f]{32}$/;
export const u32Max = 0xffffffff;
