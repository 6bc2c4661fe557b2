/** Who has a PG, under one map that does not change. */
import { CairnError } from '../../base/errors.js';
import type { OsdId, PgId } from '../../cluster/ids.js';
import { printPgId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import { UpMapper } from '../../cluster/up-mapper.js';

export class Routes {
  readonly #map: ClusterMap;
  readonly #mapper: UpMapper;
  readonly #known = new Map<string, readonly OsdId[]>();

  constructor(map: ClusterMap) {
    this.#map = map;
    this.#mapper = new UpMapper(map);
  }

  /** The primary first. `NOT_FOUND` for a pool or PG that the map does not have. */
  acting(pg: PgId): readonly OsdId[] {
    const name = printPgId(pg);
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const pool = this.#map.pools.get(pg.pool);
    if (pool === undefined || pg.pg >= pool.pgNum) {
      throw new CairnError('NOT_FOUND', `the map of epoch ${this.#map.epoch} has no PG ${name}`);
    }
    const acting = this.#mapper.up(pool, pg.pg);
    // As many as the map has PGs.
    this.#known.set(name, acting);
    return acting;
  }
}
