/** The text of an option and what it means. */
import { CairnError } from '../base/errors.js';
import { type ConfigName, type ConfigOption, configOptions } from './config-options.js';

/** The largest that leaves a whole number is printed. */
const units = ['d', 'h', 'm', 's', 'ms'];
const durations: Readonly<Record<string, number>> = {
  ms: 1,
  '': 1000,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * The value of `text` for an option: ms, a share from 0 to 1, a number, or the text. Throws `INVALID_ARGUMENT`,
 * saying what the option takes.
 */
export function checkConfigValue(name: ConfigName, text: string): number | string {
  const option: ConfigOption = configOptions[name];
  const value = valueOf(option, text.trim());
  if (value !== undefined) return value;
  const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
  throw new CairnError('INVALID_ARGUMENT', `${name} cannot be ${shown}; give ${formOf(option)}`);
}

/** As a person writes it: `10m`, `0.85`. */
export function printConfigValue(name: ConfigName, value: number | string): string {
  if (typeof value === 'string' || configOptions[name].type !== 'duration') return String(value);
  const unit = units.find((candidate) => value % (durations[candidate] ?? 1) === 0 && value > 0) ?? 's';
  return `${value / (durations[unit] ?? 1)}${unit}`;
}

function valueOf(option: ConfigOption, text: string): number | string | undefined {
  switch (option.type) {
    case 'duration':
      return within(option, durationMs(text));
    case 'ratio':
      return within(option, ratio(text));
    case 'count':
      return within(option, /^[0-9]+$/.test(text) ? Number(text) : undefined);
    case 'choice':
      return option.choices.includes(text) ? text : undefined;
    case 'text':
      return option.pattern.test(text) ? text : undefined;
  }
}

/** Whole milliseconds. */
function durationMs(text: string): number | undefined {
  const [, number, unit = ''] = /^([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d|)$/.exec(text) ?? [];
  const scale = durations[unit];
  return number === undefined || scale === undefined ? undefined : Math.round(Number(number) * scale);
}

function ratio(text: string): number | undefined {
  const [, number, unit] = /^([0-9]+(?:\.[0-9]+)?)(%|)$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  // Divided, not multiplied by 0.01: 57 % is 0.57 then.
  return unit === '%' ? Number(number) / 100 : Number(number);
}

function within(option: { readonly min: number; readonly max: number }, value: number | undefined): number | undefined {
  return value !== undefined && value >= option.min && value <= option.max ? value : undefined;
}

function formOf(option: ConfigOption): string {
  switch (option.type) {
    case 'duration':
      return `a time from ${option.min} ms to ${option.max / 1000} s, as in 600, 10m or 250ms`;
    case 'ratio':
      return `a share from ${option.min} to ${option.max}, as in 0.85 or 85%`;
    case 'count':
      return `a whole number from ${option.min} to ${option.max}`;
    case 'choice':
      return `one of ${option.choices.join(', ')}`;
    case 'text':
      return option.form;
  }
}
