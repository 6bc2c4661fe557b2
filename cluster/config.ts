/**
 * Central configuration: what the map holds, by section and option, and what it comes to for one daemon. Sections, weakest
 * first: `global`, a type of daemon (`osd`), one daemon (`osd.3`).
 */
import { CairnError, toCairnError } from '../base/errors.js';
import {
  type ConfigDaemon,
  type ConfigName,
  type ConfigOption,
  type ConfigValues,
  configDaemons,
  configNames,
  configOptions,
  findConfigName,
} from './config-options.js';
import { checkConfigValue } from './config-value.js';

export interface ConfigKey {
  /** `global`, `osd`, `osd.3`. */
  readonly section: string;
  readonly option: ConfigName;
}

/** A value of the map that this version cannot use: of a later version, or spoilt by a change of another option. */
export interface ConfigProblem {
  readonly key: string;
  readonly message: string;
}

export interface EffectiveConfig {
  readonly values: ConfigValues;
  /** The section that an option comes from; absent: its default. */
  readonly sources: ReadonlyMap<ConfigName, string>;
  readonly problems: readonly ConfigProblem[];
}

type ConfigMap = ReadonlyMap<string, string>;

const sectionPattern = /^([a-z]+)(?:\.([A-Za-z0-9._-]{1,60}))?$/;

/** As the map holds it: `osd.3/log_level`. */
export function printConfigKey({ section, option }: ConfigKey): string {
  return `${section}/${option}`;
}

/**
 * `SECTION/OPTION`; the option may leave out `mon_osd_`. Throws `INVALID_ARGUMENT` unless both exist and daemons of that
 * section read the option, so that no setting is silently without effect.
 */
export function parseConfigKey(text: string): ConfigKey {
  const slash = text.indexOf('/');
  if (slash < 0) throw invalid(`${text} is no key; write SECTION/OPTION, as in global/log_level`);
  const section = text.slice(0, slash);
  const daemon = daemonOf(section);
  const name = text.slice(slash + 1);
  const option = findConfigName(name);
  if (option === undefined) throw invalid(`there is no option ${name}${suggestion(name)}; see cairn config help`);
  const { daemons }: ConfigOption = configOptions[option];
  if (daemon !== undefined && !daemons.includes(daemon)) {
    throw invalid(`${option} is read by ${daemons.join(' and ')} only, not by ${daemon}; set it there or globally`);
  }
  return { section, option };
}

/**
 * The key to store for setting `key` to `value` (`undefined`: back to the default). Throws `INVALID_ARGUMENT` when either
 * is wrong, or when the options of that section would contradict each other.
 */
export function checkConfigChange(config: ConfigMap, key: string, value: string | undefined): ConfigKey {
  const parsed = parseConfigKey(key);
  if (value !== undefined) checkConfigValue(parsed.option, value);
  if (!relatedNames.has(parsed.option)) return parsed;
  const changedKey = printConfigKey(parsed);
  const changed: Lookup = (other) => (other === changedKey ? value : config.get(other));
  const [problem] = contradictions(resolve(changed, parsed.section, relatedList).values);
  if (problem === undefined) return parsed;
  // One that was there before must not keep people from setting something else.
  const [before] = contradictions(resolve((other) => config.get(other), parsed.section, relatedList).values);
  if (problem !== before) throw invalid(problem);
  return parsed;
}

/**
 * What all options come to for `daemonName`, such as `osd.3`. Never throws for what the map holds: a value that this
 * version cannot use counts as absent, and is named among the problems, for the log and for health.
 */
export function effectiveConfig(map: { readonly config: ConfigMap }, daemonName: string): EffectiveConfig {
  const { values, sources, problems } = resolve((key) => map.config.get(key), daemonName, configNames);
  const contradicting = contradictions(values).map((message) => ({ key: daemonName, message }));
  return { values, sources, problems: [...problems, ...contradicting] };
}

/** The text at a key, if there is one. */
type Lookup = (key: string) => string | undefined;

type Resolved<Name extends ConfigName> = Omit<EffectiveConfig, 'values'> & {
  readonly values: Pick<ConfigValues, Name>;
};

/** Of `names` only: each costs a look at every section. */
function resolve<Name extends ConfigName>(textAt: Lookup, daemonName: string, names: Iterable<Name>): Resolved<Name> {
  const type = daemonName.split('.', 1)[0] ?? daemonName;
  const sections = [...new Set([daemonName, type, 'global'])];
  const values: Record<string, number | string> = {};
  const sources = new Map<ConfigName, string>();
  const problems: ConfigProblem[] = [];
  for (const name of names) {
    values[name] = configOptions[name].defaultValue;
    for (const section of sections) {
      const key = printConfigKey({ section, option: name });
      const text = textAt(key);
      if (text === undefined) continue;
      try {
        values[name] = checkConfigValue(name, text);
        sources.set(name, section);
        break;
      } catch (error) {
        problems.push({ key, message: toCairnError(error).message });
      }
    }
  }
  // Every name has the value of its type: that of the table, or what `checkConfigValue` made of a text for that name.
  return { values: values as Pick<ConfigValues, Name>, sources, problems };
}

/** All that `contradictions` reads: a change of any other option cannot make one. */
const relatedList = [
  'osd_heartbeat_interval',
  'osd_heartbeat_grace',
  'mon_osd_nearfull_ratio',
  'mon_osd_backfillfull_ratio',
  'mon_osd_full_ratio',
  'osd_pool_default_min_size',
  'osd_pool_default_size',
] as const satisfies readonly ConfigName[];
const relatedNames: ReadonlySet<ConfigName> = new Set(relatedList);

function contradictions(values: Pick<ConfigValues, (typeof relatedList)[number]>): string[] {
  const found: string[] = [];
  if (values.osd_heartbeat_interval * 2 > values.osd_heartbeat_grace) {
    found.push('osd_heartbeat_grace must be at least twice osd_heartbeat_interval, or one lost packet is a failure');
  }
  const { mon_osd_nearfull_ratio: near, mon_osd_backfillfull_ratio: backfill, mon_osd_full_ratio: full } = values;
  if (near > backfill || backfill > full) {
    found.push('ratios must rise from mon_osd_nearfull_ratio over mon_osd_backfillfull_ratio to mon_osd_full_ratio');
  }
  if (values.osd_pool_default_min_size > values.osd_pool_default_size) {
    found.push('osd_pool_default_min_size must not exceed osd_pool_default_size, or new pools never serve');
  }
  return found;
}

/** The type of daemon that a section is for; `undefined` for `global`. */
function daemonOf(section: string): ConfigDaemon | undefined {
  if (section === 'global') return undefined;
  const [, type] = sectionPattern.exec(section) ?? [];
  const daemon = configDaemons.find((name) => name === type);
  if (daemon !== undefined) return daemon;
  throw invalid(`${section} is no section; use global, ${configDaemons.join(', ')}, or a daemon such as osd.3`);
}

function suggestion(name: string): string {
  const like = configNames.filter((known) => name.length > 2 && (known.includes(name) || name.includes(known)));
  return like.length === 0 ? '' : `, did you mean ${like.join(' or ')}?`;
}

function invalid(message: string): CairnError {
  return new CairnError('INVALID_ARGUMENT', message);
}
