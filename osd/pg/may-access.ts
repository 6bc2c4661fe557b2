import { CairnError } from '../../base/errors.js';
import { type CapAccess, mayRun } from '../../cluster/caps.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { Pool } from '../../cluster/pool.js';

/**
 * Whether the caps of an entity, as the map has them now, allow this on objects of a pool: `r` reads, `w` changes, `x` calls
 * object classes. An entity that the map does not have (any more) may nothing, however long its connection is open. About a
 * microsecond: for each request.
 */
export function mayAccess(
  { entities }: Pick<ClusterMap, 'entities'>,
  entityName: string,
  { name, application }: Pick<Pool, 'name' | 'application'>,
  access: CapAccess,
): boolean {
  const entity = entities.get(entityName);
  return entity !== undefined && mayRun(entity, { service: 'osd', access, pool: { name, application } });
}

/** Throws `PERMISSION_DENIED`, with what would allow it. */
export function checkAccess(
  map: Pick<ClusterMap, 'entities'>,
  entityName: string,
  pool: Pick<Pool, 'name' | 'application'>,
  access: CapAccess,
): void {
  if (mayAccess(map, entityName, pool, access)) return;
  const what = access === 'r' ? 'read' : access === 'w' ? 'change' : 'call classes on';
  const message = `${entityName} may not ${what} objects of pool ${pool.name}`;
  const advice = `see \`cairn auth get ${entityName}\`, and give it with \`cairn auth caps ${entityName} osd 'allow ${access}'\``;
  throw new CairnError('PERMISSION_DENIED', `${message}; ${advice}`);
}
