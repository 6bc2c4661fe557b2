/** Central settings: changed, and what they come to. */
import { checkConfigChange, effectiveConfig, parseConfigKey, printConfigKey } from '../../cluster/config.js';
import {
  type ConfigName,
  type ConfigOption,
  configDaemons,
  configNames,
  configOptions,
} from '../../cluster/config-options.js';
import { printConfigValue } from '../../cluster/config-value.js';
import type { ClusterMap } from '../../cluster/map.js';
import {
  type ConfigChanged,
  type ConfigLine,
  configDump,
  configGet,
  configPageSize,
  configRm,
  configSet,
} from '../../protocol/commands/config.js';
import { knownOption } from '../../protocol/known-option.js';
import type { Effects } from '../state/types.js';
import { answerPage } from './answer-page.js';
import { recordOf } from './issue-key.js';
import type { CommandContext, CommandTable } from './types.js';

/** No option holds a secret (cluster/config-options.ts), so values show in the log and in the audit trail. */
export function registerConfigCommands(table: CommandTable): void {
  table
    .onChange(configSet, ({ section, option, value }, context) => change(context, section, option, value.trim()))
    .onChange(configRm, ({ section, option }, context) => change(context, section, option, undefined))
    .onQuery(configGet, ({ section, option }, { state }) => lines(state.map, section, option))
    .onQuery(configDump, ({ after }, { state }) => {
      const keys = [...state.map.config.keys()].filter((key) => key > after).sort();
      const { page: entries, hasMore } = answerPage(
        keys.map((key) => ({ key, value: state.map.config.get(key) ?? '' })),
        configPageSize,
      );
      return { entries, hasMore };
    });
}

function change(
  context: CommandContext,
  section: string,
  option: string,
  value: string | undefined,
): Effects<ConfigChanged> {
  const { config } = context.state.map;
  const key = checkConfigChange(config, printConfigKey({ section, option: knownOption(option) }), value);
  const text = printConfigKey(key);
  const result = { ...key, overriddenBy: strongerValues(config, section, key.option) };
  if (config.get(text) === value) return { result: { ...result, isChanged: false } };
  const deed = value === undefined ? `no longer sets ${text}` : `set ${text} to ${JSON.stringify(value)}`;
  return {
    result: { ...result, isChanged: true },
    changes: [{ kind: 'config', key: text, value }],
    log: [recordOf(context, deed)],
  };
}

/** More would not be read. */
const overridesShownMax = 20;

function strongerValues(config: ClusterMap['config'], section: string, option: ConfigName) {
  const ending = `/${option}`;
  const beginning = section === 'global' ? '' : `${section}.`;
  const found: { readonly section: string; readonly value: string }[] = [];
  // Each change looks at all that is set, so nothing is made of what does not count.
  for (const [key, value] of config) {
    if (!key.startsWith(beginning) || !key.endsWith(ending)) continue;
    const other = key.slice(0, -ending.length);
    if (other !== section) found.push({ section: other, value });
  }
  return found.sort((a, b) => (a.section < b.section ? -1 : 1)).slice(0, overridesShownMax);
}

function lines(map: ClusterMap, section: string, option: string | undefined) {
  const names = option === undefined ? configNames.filter((name) => isReadBy(name, section)) : [knownOption(option)];
  // The first name stands for any: the section must be one even where nothing is read.
  for (const name of option === undefined ? names.slice(0, 1) : names)
    parseConfigKey(printConfigKey({ section, option: name }));
  const { values, sources, problems } = effectiveConfig(map, section);
  const all = names.map((name): ConfigLine => ({
    option: name,
    value: printConfigValue(name, values[name]),
    source: sources.get(name) ?? 'default',
    defaultValue: printConfigValue(name, configOptions[name].defaultValue),
  }));
  return { lines: all, problems: problems.map(({ key, message }) => `${key}: ${message}`).slice(0, overridesShownMax) };
}

function isReadBy(name: ConfigName, section: string): boolean {
  const type = configDaemons.find((daemon) => daemon === section.split('.', 1)[0]);
  const { daemons }: ConfigOption = configOptions[name];
  return type === undefined || daemons.includes(type);
}
