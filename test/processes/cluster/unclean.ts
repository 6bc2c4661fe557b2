/** What is not as it should be, by the map alone: records against what CRUSH computes. */
import { type OsdId, printPgId } from '../../../cluster/ids.js';
import type { ClusterMap } from '../../../cluster/map.js';
import type { PgRecord } from '../../../cluster/pg-record.js';
import type { Pool } from '../../../cluster/pool.js';
import { UpMapper } from '../../../cluster/up-mapper.js';

/** In words: PGs that are not where CRUSH wants them, with as many copies as the pool has, and confirmed. */
export function unclean(map: ClusterMap, pool: Pool): string[] {
  const mapper = new UpMapper(map);
  return Array.from({ length: pool.pgNum }, (_, pg) => ({ pool: pool.id, pg })).flatMap((id) => {
    const up = mapper.up(pool, id.pg);
    const record = map.records.get(id);
    if (record !== undefined && up.length === pool.size && isAt(record, up)) return [];
    const eligible = record?.eligible.map(({ osd }) => osd) ?? [];
    const acting = record?.acting.map(({ osd }) => osd) ?? [];
    return [
      `${printPgId(id)} term ${record?.term} acting [${acting.join()}] eligible [${eligible.join()}] up [${up.join()}]`,
    ];
  });
}

function isAt({ acting, eligible }: PgRecord, up: readonly OsdId[]): boolean {
  const osds = acting.map(({ osd }) => osd);
  return (
    eligible.length === 0 && osds[0] === up[0] && osds.length === up.length && osds.every((osd) => up.includes(osd))
  );
}
