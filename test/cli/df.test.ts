/** `cairn df`. */
import assert from 'node:assert/strict';
import { osdId, type PgId, poolId } from '../../cluster/ids.js';
import { registerDfCommand } from '../../monitor/commands/df.js';
import { LocalCluster } from '../monitor/commands/local-cluster.js';
import { commandTable, done, json } from '../monitor/commands/run-commands.js';
import { GiB, sampleMap } from '../monitor/commands/sample-map.js';

/** Three OSDs of 100 GiB, osd.2 with less room; PGs of 1 GiB. */
function sample(): LocalCluster {
  const table = commandTable();
  registerDfCommand(table);
  const cluster = new LocalCluster({
    table,
    map: sampleMap({ osds: 3, hosts: 3, pools: [{ pgNum: 4 }, { pgNum: 1 }] }),
  });
  const vitals = (usedBytes: number) => {
    return { usedBytes, totalBytes: 100 * GiB, loopDelayMs: 0, slowOps: 0, heardAt: cluster.wall };
  };
  const osds = new Map([10, 10, 35].map((used, id) => [osdId(id), vitals(used * GiB)]));
  const report = {
    term: 1,
    state: 'active+clean',
    objects: 5,
    bytes: GiB,
    last: { term: 1, seq: 1 },
    committed: 1,
    logEntries: 1,
    degradedObjects: 0,
    misplacedObjects: 0,
    leftObjects: 0,
    leftBytes: 0,
    joiner: undefined,
    scrubErrors: 0,
    scrubbedAt: 0,
    deepScrubbedAt: 0,
  };
  const get = (pg: PgId) => (pg.pool === poolId(1) ? { ...report, pg } : undefined);
  cluster.soft = { ...cluster.soft, osds, pgs: { version: 1, get } };
  return cluster;
}

describe('cairn df', () => {
  it('shows the room there is, what pools take, and what still fits: the fullest of their OSDs decides', async () => {
    assert.deepEqual(
      (await done(sample(), 'df')).split('\n').map((line) => line.trimEnd()),
      [
        '--- RAW STORAGE ---',
        'CLASS  SIZE     AVAIL    USED    %USED',
        'hdd    300 GiB  245 GiB  55 GiB  18.33',
        'TOTAL  300 GiB  245 GiB  55 GiB  18.33',
        '',
        '--- POOLS ---',
        'POOL   ID  PGS  STORED   OBJECTS  USED    %USED  MAX AVAIL',
        'pool1   1    4  4.0 GiB       20  12 GiB   6.25     60 GiB',
        'pool2   2    1      0 B        0     0 B   0.00     60 GiB',
        '',
      ],
    );
  });

  it('says nothing of what an OSD has not told', async () => {
    const cluster = sample();
    cluster.soft = { ...cluster.soft, osds: new Map([...cluster.soft.osds].slice(0, 2)) };
    assert.match(await done(cluster, 'df'), /\npool1 +1 +4 +4\.0 GiB +20 +12 GiB +- +-/);
    const { stats, pools } = (await json(cluster, 'df')) as {
      stats: object;
      pools: { stats: { max_avail: number | null; stored: number } }[];
    };
    assert.deepEqual(stats, {
      num_osds: 2,
      total_bytes: 200 * GiB,
      total_avail_bytes: 180 * GiB,
      total_used_bytes: 20 * GiB,
      total_used_ratio: 0.1,
    });
    assert.deepEqual([pools[0]?.stats.stored, pools[0]?.stats.max_avail], [4 * GiB, null]);
  });
});
