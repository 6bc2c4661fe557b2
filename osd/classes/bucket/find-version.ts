/** Which entry a request means. */
import type { VersionSelector } from '../../../protocol/bucket/calls.js';
import { latin1 } from './read-input.js';
import type { Found, Shard } from './shard.js';

/** The version named, a delete marker too; `undefined` when it is not there. */
export async function findVersion(shard: Shard, escaped: string, version: VersionSelector): Promise<Found | undefined> {
  const current = await shard.current(escaped);
  if (version === 'null') return current?.entry.isNull === true ? current : await shard.nullOther(escaped);
  const found = current?.entry.sequence === version.sequence ? current : await shard.other(escaped, version.sequence);
  return found?.entry.requestId === latin1(version.requestId) ? found : undefined;
}
