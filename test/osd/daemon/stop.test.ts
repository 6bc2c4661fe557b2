/** An OSD that stops in good order: clients hardly notice, and nobody waits for what it had promised. */
import assert from 'node:assert/strict';
import { utf8Bytes } from '../../../base/bytes.js';
import type { PoolClient } from '../../../client/pool-client.js';
import type { PgRecord } from '../../../cluster/pg-record.js';
import type { World } from '../../../runtime/sim/world.js';
import type { MonitorCluster } from '../../monitor/sim/monitor-cluster.js';
import type { SimOsd } from './osd-cluster.js';
import { isClean, watched } from './watched-cluster.js';

/** The longest that one of several writers waited for an answer. */
class Writers {
  readonly #world: World;
  readonly #pool: PoolClient;
  readonly #running: Promise<void>[] = [];
  longestMs = 0;
  #isOver = false;

  constructor(world: World, pool: PoolClient, objects = 12) {
    this.#world = world;
    this.#pool = pool;
    for (let i = 0; i < objects; i++) this.#running.push(this.#work(`object-${i}`));
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#running);
  }

  async #work(object: string): Promise<void> {
    for (let i = 0; !this.#isOver; i++) {
      const begun = this.#world.now;
      if (i % 2 === 0) await this.#pool.writeFull(object, utf8Bytes(`value ${i}`));
      else await this.#pool.read(object, { offset: 0, bytes: 100 });
      this.longestMs = Math.max(this.longestMs, this.#world.now - begun);
      await this.#world.sleep(30);
    }
  }
}

function records({ newestMap }: MonitorCluster): Map<number, PgRecord> {
  const found = new Map<number, PgRecord>();
  const cursor = newestMap.records.cursor();
  while (cursor.next()) found.set(cursor.pg, cursor.record());
  return found;
}

/** What a client may wait for an OSD that stops. A crash costs about a second. */
const pauseMsMax = 100;

describe('an OSD that stops', () => {
  it('hands over what it leads, and keeps no client waiting', async () => {
    await watched(41, 4, async ({ pool, osds, cluster, until, world }) => {
      await until('all PGs are clean', 60_000, isClean);
      const leading = ({ daemon }: SimOsd): number => daemon?.status.pgs.leading ?? 0;
      const [osd] = [...osds].sort((one, other) => leading(other) - leading(one));
      assert.ok(osd !== undefined && leading(osd) > 1);
      const writers = new Writers(world, pool);
      try {
        await world.sleep(100);
        // As the first thing that a stop does: by itself it leaves nothing to be missed.
        await osd.daemon?.service?.handOver(1_000);
        assert.equal(leading(osd), 0, 'all is led by others');
        assert.equal(osd.isUp(cluster), true);
        await osd.stop();
        assert.equal(osd.isUp(cluster), false);
        await world.sleep(1_000);
        assert.ok(writers.longestMs < pauseMsMax, `osd.${osd.id} was missed for ${writers.longestMs} ms`);
        const before = records(cluster);
        osd.start();
        await until('all PGs are clean with it again', 60_000, (status) => isClean(status) && osd.isServing());
        for (const [pg, { term, acting }] of records(cluster)) {
          const isIn = acting.some(({ osd: id }) => id === osd.id);
          assert.equal(
            term,
            (before.get(pg)?.term ?? 0) + (isIn ? 1 : 0),
            `pg ${pg}: it comes in and leads in one term`,
          );
        }
      } finally {
        await writers.end();
      }
      const what = `osd.${osd.id} and its return were missed for ${writers.longestMs} ms`;
      assert.ok(writers.longestMs < pauseMsMax, what);
    });
  });
});
