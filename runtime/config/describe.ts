import { environmentName, type Option, type OptionTable } from './option.js';
import { allowedText } from './option-value.js';

export interface OptionDescription {
  readonly name: string;
  readonly flag: string;
  readonly environment: string;
  readonly description: string;
  /** What may be written. */
  readonly allowed: string;
  /** `undefined` for what is required, or optional without one. */
  readonly default: string | undefined;
  readonly isRequired: boolean;
}

/** Everything that `--help` and the manual say about the settings, in the order of the table. */
export function describeOptions(table: OptionTable): OptionDescription[] {
  return Object.entries(table).map(([name, option]) => ({
    name,
    flag: `--${name} ${placeholder(option)}`,
    environment: environmentName(name),
    description: option.description,
    allowed: allowedText(option),
    default: option.default,
    isRequired: option.required === true,
  }));
}

/** For `--help`: a paragraph for each setting. */
export function helpText(table: OptionTable): string {
  return describeOptions(table)
    .map((option) => {
      const fallback = option.default === undefined ? '' : ` Default ${option.default}.`;
      const state = option.isRequired ? ' Required.' : fallback;
      return `  ${option.flag}  (${option.environment})\n      ${option.description}${state}\n      Write ${option.allowed}.\n`;
    })
    .join('');
}

function placeholder(option: Option): string {
  if (option.type === 'path') return 'FILE';
  return option.type === 'string' ? 'TEXT' : option.type.toUpperCase();
}
