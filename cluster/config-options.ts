/**
 * The table of the options that are set centrally, in the map (`cairn config set`). Names are Ceph's where it has the
 * option, so that runbooks carry over. Ports, folders and keys are each daemon's own and stand in its file instead: it
 * needs them before it has a map.
 */

/** Who reads an option; also the types of sections. */
export const configDaemons = ['mon', 'osd', 'gateway', 'client'] as const;
export type ConfigDaemon = (typeof configDaemons)[number];

interface OptionBase {
  /** One line: what it is, and what raising it does. */
  readonly description: string;
  readonly daemons: readonly ConfigDaemon[];
}

interface NumberOption extends OptionBase {
  /**
   * `duration` in ms, written as `600`, which is seconds, `10m` or `250ms`. `ratio` from 0 to 1, also written as `85%`.
   * `count` a whole number.
   */
  readonly type: 'duration' | 'ratio' | 'count';
  readonly defaultValue: number;
  readonly min: number;
  readonly max: number;
}

interface ChoiceOption extends OptionBase {
  readonly type: 'choice';
  readonly choices: readonly string[];
  readonly defaultValue: string;
}

interface TextOption extends OptionBase {
  readonly type: 'text';
  readonly defaultValue: string;
  readonly pattern: RegExp;
  /** What fits the pattern, in words. */
  readonly form: string;
}

export type ConfigOption = NumberOption | ChoiceOption | TextOption;

const second = 1000;
const minute = 60 * second;
const day = 24 * 60 * minute;
const everyone = configDaemons;

/** Ratios and counts are defaults of Ceph's; times are those of DESIGN.md sections 1 and 4. */
export const configOptions = {
  log_level: {
    type: 'choice',
    choices: ['trace', 'debug', 'info', 'warn', 'error'],
    defaultValue: 'info',
    description: 'The least important kind of line that daemons log.',
    daemons: everyone,
  },
  log_syslog_target: {
    type: 'text',
    defaultValue: '',
    pattern: /^(?:(?:tcp|udp):\/\/(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]+\]):[1-9][0-9]{0,4})?$/,
    form: 'tcp://HOST:PORT or udp://HOST:PORT, or nothing',
    description: 'Where daemons send their log besides stderr, as syslog. Nothing: nowhere.',
    daemons: everyone,
  },
  mon_clock_drift_allowed: {
    type: 'duration',
    defaultValue: 50,
    min: 1,
    max: minute,
    description: 'How far the clocks of monitors may be apart before health warns.',
    daemons: ['mon'],
  },
  mon_max_pg_per_osd: {
    type: 'count',
    defaultValue: 250,
    min: 1,
    max: 10_000,
    description: 'Copies of PGs per OSD beyond which no pool is made. Raising it costs memory and peering time.',
    daemons: ['mon'],
  },
  mon_osd_backfillfull_ratio: {
    type: 'ratio',
    defaultValue: 0.9,
    min: 0,
    max: 1,
    description: 'The used share of an OSD from which on nothing is moved to it.',
    daemons: ['mon', 'osd'],
  },
  mon_osd_down_out_interval: {
    type: 'duration',
    defaultValue: 600 * second,
    min: 0,
    max: 30 * day,
    description: 'How long an OSD is down before it is marked out and its data moves. 0: it never is.',
    daemons: ['mon'],
  },
  mon_osd_down_out_subtree_limit: {
    type: 'text',
    defaultValue: 'rack',
    pattern: /^[A-Za-z0-9._-]{1,64}$/,
    form: 'the name of a type of the CRUSH map, as in rack',
    description:
      'A whole subtree of this type, or a higher one, that is down is not marked out: somebody is at work there.',
    daemons: ['mon'],
  },
  mon_osd_full_ratio: {
    type: 'ratio',
    defaultValue: 0.95,
    min: 0,
    max: 1,
    description: 'The used share of an OSD from which on it refuses clients to write.',
    daemons: ['mon', 'osd'],
  },
  mon_osd_min_down_reporters: {
    type: 'count',
    defaultValue: 2,
    min: 1,
    max: 1000,
    description: 'Failure domains that must report an OSD before it is marked down; fewer when there are no more.',
    daemons: ['mon'],
  },
  mon_osd_min_in_ratio: {
    type: 'ratio',
    defaultValue: 0.75,
    min: 0,
    max: 1,
    description: 'The share of OSDs below which none is marked out by itself: the rest could not hold the data.',
    daemons: ['mon'],
  },
  mon_osd_nearfull_ratio: {
    type: 'ratio',
    defaultValue: 0.85,
    min: 0,
    max: 1,
    description: 'The used share of an OSD from which on health warns.',
    daemons: ['mon', 'osd'],
  },
  mon_osd_reporter_subtree_level: {
    type: 'text',
    defaultValue: 'host',
    pattern: /^[A-Za-z0-9._-]{1,64}$/,
    form: 'the name of a type of the CRUSH map, as in host',
    description: 'The failure domain whose OSDs count as one reporter.',
    daemons: ['mon'],
  },
  osd_beacon_grace: {
    type: 'duration',
    defaultValue: 30 * second,
    min: 6 * second,
    max: 60 * minute,
    description: 'Time without beacons after which an OSD that nobody reports is marked down.',
    daemons: ['mon'],
  },
  osd_deep_scrub_interval: {
    type: 'duration',
    defaultValue: 7 * day,
    min: 0,
    max: 365 * day,
    description:
      'Within this time every byte of a PG is read and compared. 0: never by itself. Lowering it costs disk time.',
    daemons: ['mon', 'osd'],
  },
  osd_heartbeat_grace: {
    type: 'duration',
    defaultValue: 3_500,
    min: 500,
    max: 10 * minute,
    description:
      'Silence after which an OSD is reported. Raising it delays failover, lowering it finds failures in load.',
    daemons: ['mon', 'osd'],
  },
  osd_heartbeat_interval: {
    type: 'duration',
    defaultValue: 500,
    min: 100,
    max: minute,
    description: 'Time between heartbeats of two OSDs. Lowering it costs packets, with the square of OSDs per PG.',
    daemons: ['osd'],
  },
  osd_max_scrubs: {
    type: 'count',
    defaultValue: 1,
    min: 1,
    max: 64,
    description: 'PGs that an OSD has scrubbed at once, as their primary. More finish sooner and slow clients more.',
    daemons: ['osd'],
  },
  osd_pool_default_min_size: {
    type: 'count',
    defaultValue: 0,
    min: 0,
    max: 16,
    description: 'Copies that a new pool needs to serve. 0: its size less half of it.',
    daemons: ['mon'],
  },
  osd_pool_default_pg_num: {
    type: 'count',
    defaultValue: 32,
    min: 1,
    max: 65_536,
    description: 'PGs of a new pool. More spread data more evenly, and cost memory.',
    daemons: ['mon'],
  },
  osd_pool_default_size: {
    type: 'count',
    defaultValue: 3,
    min: 1,
    max: 16,
    description: 'Copies that a new pool keeps of everything.',
    daemons: ['mon'],
  },
  osd_scrub_interval: {
    type: 'duration',
    defaultValue: day,
    min: 0,
    max: 365 * day,
    description: 'Within this time versions, sizes and keys of all copies of a PG are compared. 0: never by itself.',
    daemons: ['mon', 'osd'],
  },
} as const satisfies Readonly<Record<string, ConfigOption>>;

export type ConfigName = keyof typeof configOptions;

/** What an option comes to: ms, a share, a number, or text. */
export type ConfigValues = {
  readonly [Name in ConfigName]: (typeof configOptions)[Name] extends NumberOption
    ? number
    : (typeof configOptions)[Name] extends { readonly choices: readonly (infer Choice)[] }
      ? Choice
      : string;
};

/** In byte order. */
export const configNames = Object.keys(configOptions).sort() as ConfigName[];

const aliasPrefix = 'mon_osd_';

/** An option by its name, or by its name less `mon_osd_` where that is no other's. */
export function findConfigName(text: string): ConfigName | undefined {
  if (isConfigName(text)) return text;
  const full = `${aliasPrefix}${text}`;
  return isConfigName(full) ? full : undefined;
}

function isConfigName(text: string): text is ConfigName {
  return Object.hasOwn(configOptions, text);
}
