/** From the OSDs that a command names to what the map knows of them. */
import { CairnError } from '../../base/errors.js';
import type { OsdId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { OsdInfo } from '../../cluster/osd.js';
import type { OsdSelection } from '../../protocol/commands/fields.js';

/** By id, each once. Throws `NOT_FOUND` with the first that the map does not know. */
export function selectOsds(map: ClusterMap, selection: OsdSelection): OsdInfo[] {
  if (selection === 'all') return [...map.osds.values()];
  return [...new Set(selection)].sort((a, b) => a - b).map((id) => osdOf(map, id));
}

/** Throws `NOT_FOUND`. */
export function osdOf(map: ClusterMap, id: OsdId): OsdInfo {
  const osd = map.osds.get(id);
  if (osd !== undefined) return osd;
  throw new CairnError('NOT_FOUND', `there is no osd.${id}; \`cairn osd ls\` lists those there are`);
}

/** `osd.1, osd.2 and 3 more`. */
export function nameOsds(osds: readonly { readonly id: number }[]): string {
  const named = osds.slice(0, namesMax).map(({ id }) => `osd.${id}`);
  if (osds.length > namesMax) return `${named.join(', ')} and ${osds.length - namesMax} more`;
  const last = named.pop() ?? 'no OSD';
  return named.length === 0 ? last : `${named.join(', ')} and ${last}`;
}

/** As many as fit on a line. */
const namesMax = 8;

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
