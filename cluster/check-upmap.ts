/** Whether an exception that somebody wants for a PG would do what it says. */
import { CairnError } from '../base/errors.js';
import type { CrushMap } from '../crush/types.js';
import { checkUpmapItems, checkUpmapTargets } from './check/check-upmap.js';
import { type OsdId, type PgId, printPgId } from './ids.js';
import type { ClusterMap } from './map.js';
import { crushReweight } from './osd.js';
import { applyUpmap, UpMapper } from './up-mapper.js';
import type { UpmapItem } from './upmap.js';

/**
 * Ceph takes any items and ignores what does not apply; here they are refused when they are given. (Later they may cease to
 * apply, when CRUSH chooses otherwise or a target goes out; they are ignored then.) Throws `INVALID_ARGUMENT` for items that
 * can never be right, `CONFLICT` when the pool, the PG or an OSD does not exist, when a target is out, when an item would
 * change nothing, and when two copies would share a failure domain that the rule keeps apart.
 */
export function checkUpmap(
  map: Pick<ClusterMap, 'crush' | 'osds' | 'pools' | 'upmaps'>,
  pg: PgId,
  items: readonly UpmapItem[],
): void {
  checkUpmapItems(pg, items);
  checkUpmapTargets(pg, items, map);
  const pool = map.pools.get(pg.pool);
  // Its absence was refused above; the compiler does not see that.
  if (pool === undefined || items.length === 0) return;
  const mapper = new UpMapper(map);
  const chosen = mapper.crushChoice(pool, pg.pg);
  const placed = [...chosen];
  for (const item of items) {
    const osd = map.osds.get(item.to);
    if (osd === undefined || crushReweight(osd) === 0) {
      throw conflict(pg, `osd.${item.to} is out; mark it in, or choose another target`);
    }
    const before = [...placed];
    applyUpmap(placed, [item], mapper.weights);
    if (placed.every((osd, i) => osd === before[i])) {
      const now = before.map((osd) => `osd.${osd}`).join(', ');
      throw conflict(pg, `moving osd.${item.from} to osd.${item.to} does nothing, since it is on ${now}`);
    }
  }
  const type = failureDomainOf(map.crush, pool.rule);
  if (type === 0) return;
  const domainBefore = sharedDomain(map.crush, type, chosen);
  const domain = sharedDomain(map.crush, type, placed);
  if (domain !== undefined && domainBefore === undefined) {
    throw conflict(
      pg,
      `two copies would be in ${map.crush.buckets.get(domain)?.name ?? domain}; choose another target`,
    );
  }
}

/** The type of bucket of which the rule uses each once: that of its last choice, or of the one before for devices. 0: none. */
function failureDomainOf(crush: CrushMap, rule: number): number {
  const types = (crush.rules.get(rule)?.steps ?? []).flatMap((step) => ('type' in step ? [step.type] : []));
  return types.findLast((type) => type !== 0) ?? 0;
}

/** A bucket of `type` with two of the OSDs. */
function sharedDomain(crush: CrushMap, type: number, osds: readonly OsdId[]): number | undefined {
  const parents = new Map<number, number>();
  for (const bucket of crush.buckets.values()) {
    if (bucket.shadow === undefined) for (const { id } of bucket.items) parents.set(id, bucket.id);
  }
  const seen = new Set<number>();
  for (const osd of osds) {
    let at: number | undefined = osd;
    while (at !== undefined && crush.buckets.get(at)?.type !== type) at = parents.get(at);
    if (at === undefined) continue;
    if (seen.has(at)) return at;
    seen.add(at);
  }
  return undefined;
}

function conflict(pg: PgId, problem: string): CairnError {
  return new CairnError('CONFLICT', `upmap of pg ${printPgId(pg)}: ${problem}`);
}
