/** Keys on their way to those who asked: in results only, never in a log record, the audit trail or an error. */
import { invariant } from '../../base/invariant.js';
import type { ClusterMap, Entity } from '../../cluster/map.js';
import type { IssuedKey } from '../../protocol/commands/auth.js';
import { keyBytes } from '../../protocol/credentials.js';
import type { CommandContext } from './types.js';

export function freshKey(context: CommandContext): Uint8Array {
  const key = context.random(keyBytes);
  invariant(key.byteLength === keyBytes, 'a key has 32 bytes', { bytes: key.byteLength });
  return key;
}

export function issueKey(map: ClusterMap, { name, caps }: Entity, key: Uint8Array): IssuedKey {
  return { name, caps: [...caps], key, fsid: map.fsid, monitors: [...map.monitors.values()].map((one) => one.address) };
}

/** Of the cluster log: who did what. */
export function recordOf(context: CommandContext, message: string) {
  return { severity: 'info' as const, source: context.entity.name, message };
}
