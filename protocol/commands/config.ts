/** Settings of the whole cluster, kept in its map: `cairn config …`. */
import * as z from 'zod/mini';
import { defineChange, defineQuery } from '../command.js';

const valueLengthMax = 1024;

/** Their forms are checked by the evaluator, whose messages say more. */
const section = z.string().check(z.minLength(1), z.maxLength(80));
const option = z.string().check(z.minLength(1), z.maxLength(80));
const value = z.string().check(z.maxLength(valueLengthMax));

export interface ConfigChanged {
  readonly section: string;
  /** In full, where the command left out `mon_osd_`. */
  readonly option: string;
  readonly isChanged: boolean;
  /** Sections within that one which have a value of their own, by name; at most 20. */
  readonly overriddenBy: readonly { readonly section: string; readonly value: string }[];
}

export const configSet = defineChange<ConfigChanged>()('config.set', {
  access: 'w',
  args: z.strictObject({ section, option, value }),
});

export const configRm = defineChange<ConfigChanged>()('config.rm', {
  access: 'w',
  args: z.strictObject({ section, option }),
});

export interface ConfigLine {
  readonly option: string;
  /** As a person writes it: `10m`, `0.85`. */
  readonly value: string;
  /** The section that it comes from: `osd.3`, `osd`, `global`; or `default`. */
  readonly source: string;
  readonly defaultValue: string;
}

/** What options come to for a daemon, or for those of a section that have none of their own. */
export const configGet = defineQuery<{ readonly lines: readonly ConfigLine[]; readonly problems: readonly string[] }>()(
  'config.get',
  { access: 'r', args: z.strictObject({ section, option: z.optional(option) }) },
);

/** So many entries in one answer, fewer when they are long. */
export const configPageSize = 500;

export interface ConfigPage {
  readonly entries: readonly { readonly key: string; readonly value: string }[];
  readonly hasMore: boolean;
}

/** All that is set, keys (`SECTION/OPTION`) after `after` in byte order. */
export const configDump = defineQuery<ConfigPage>()('config.dump', {
  access: 'r',
  args: z.strictObject({ after: z.string().check(z.maxLength(200)) }),
});
