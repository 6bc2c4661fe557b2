import { configDump } from '../protocol/commands/config.js';
import type { Answer, MonitorClient } from '../protocol/monitor-client.js';
import type { WaitOptions } from '../runtime/clock.js';

export interface ConfigEntry {
  readonly section: string;
  readonly option: string;
  /** As given. */
  readonly value: string;
}

/** All that is set, by section and option. Changes between two pages may or may not show. */
export async function configEntries(client: MonitorClient, wait: WaitOptions): Promise<Answer<ConfigEntry[]>> {
  const all: ConfigEntry[] = [];
  let after = '';
  for (;;) {
    const answer = await client.query(configDump, { after }, { ...wait, mayBeStale: true });
    const { entries, hasMore } = answer.result;
    for (const { key, value } of entries) {
      const slash = key.indexOf('/');
      all.push({ section: key.slice(0, slash), option: key.slice(slash + 1), value });
      after = key;
    }
    if (!hasMore || entries.length === 0) return { ...answer, result: all };
  }
}
