/** What option arguments parse to; commander shows the message behind the option's name. */
import { InvalidArgumentError } from 'commander';
import { recordsMax } from '../protocol/commands/log.js';

/** A whole number of at most 31 bits, negative ones too. */
export function integerOption(text: string): number {
  const value = Number(text);
  if (/^-?[0-9]{1,10}$/.test(text) && value >= -0x80000000 && value <= 0x7fffffff) return value;
  throw new InvalidArgumentError('Write a whole number.');
}

export function countOption(text: string): number {
  const value = integerOption(text);
  if (value >= 0) return value;
  throw new InvalidArgumentError('Write a whole number of 0 or more.');
}

/** A decimal fraction such as 0.5; its range is the command's to check. */
export function decimalOption(text: string): number {
  if (/^[0-9]*\.?[0-9]+$/.test(text) && text.length <= 32) return Number(text);
  throw new InvalidArgumentError('Write a number such as 0.5.');
}

/** How many records of a trail to show. */
export function recordCount(text: string): number {
  const value = integerOption(text);
  if (value >= 1 && value <= recordsMax) return value;
  throw new InvalidArgumentError(`Write a whole number from 1 to ${recordsMax}.`);
}
