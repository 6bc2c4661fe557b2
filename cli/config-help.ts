/** `cairn config help`: what an option means. It needs no cluster: the table is this program's. */
import type { Command } from 'commander';
import { type ConfigOption, configOptions } from '../cluster/config-options.js';
import { printConfigValue } from '../cluster/config-value.js';
import { knownOption } from '../protocol/known-option.js';
import type { CliContext } from './context.js';
import { printJson } from './print-json.js';

export function addConfigHelp(config: Command, context: CliContext): void {
  config
    .command('help')
    .description('Say what an option means, what it takes, its default, and who reads it.')
    .argument('<option>', 'see `cairn config ls`')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  cairn config help mon_osd_down_out_interval\n  cairn config help log_level --json',
    )
    .action((text: string, options: { json?: boolean }) => {
      const name = knownOption(text);
      const option: ConfigOption = configOptions[name];
      const print = (value: number): string => printConfigValue(name, value);
      const facts = {
        option: name,
        description: option.description,
        type: option.type,
        default: printConfigValue(name, option.defaultValue),
        values: valuesOf(option, print),
        daemons: option.daemons,
      };
      if (options.json === true) printJson(context, facts);
      else context.print(helpText(facts));
    });
}

function valuesOf(option: ConfigOption, print: (value: number) => string): string {
  switch (option.type) {
    case 'choice':
      return option.choices.join(', ');
    case 'text':
      return option.form;
    case 'duration':
      return `a time from ${print(option.min)} to ${print(option.max)}, such as 600 (seconds), 10m or 250ms`;
    case 'ratio':
      return `a share from ${print(option.min)} to ${print(option.max)}, such as 0.85 or 85%`;
    case 'count':
      return `a whole number from ${print(option.min)} to ${print(option.max)}`;
  }
}

function helpText(facts: {
  readonly option: string;
  readonly description: string;
  readonly default: string;
  readonly values: string;
  readonly daemons: readonly string[];
}): string {
  const shown = facts.default === '' ? '(nothing)' : facts.default;
  return (
    `${facts.option}\n  ${facts.description}\n  default: ${shown}\n  values:  ${facts.values}\n` +
    `  read by: ${facts.daemons.join(', ')}\n`
  );
}
