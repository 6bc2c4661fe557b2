/** Data that moves, since a disk came and since one is to go. */
import assert from 'node:assert/strict';
import { freeAddress } from '../../../cli/free-address.js';
import { osdId } from '../../../cluster/ids.js';
import { printAddress } from '../../../protocol/address-text.js';
import { here, until } from '../children.js';
import { patienceMs, type RealCluster } from './real-cluster.js';
import { type FaultCase, pauseMsMax } from './under-load.js';

const added = 'osd.5';

export const moveCases: readonly FaultCase[] = [
  {
    title: 'an OSD on a new host is added: PGs move to it',
    short: `add ${added}`,
    run: async (cluster) => {
      const place = ['--osd', '5', '--directory', cluster.diskOf(added), '--location', 'host=host-5,root=default'];
      const address = printAddress(await freeAddress(here, '127.0.0.1'));
      await cluster.ask('osd', 'new', ...place, '--address', address, '-o', cluster.confOf(added));
      await cluster.mkfs(added);
      cluster.run(added);
      await cluster.untilUp(added);
      await cluster.untilClean();
      assert.ok(pgsOf(cluster, 5) > 0, 'some PGs are on it');
    },
    pauseMsMax,
  },
  {
    title: 'a host is drained: its OSD is marked out and its PGs move to others, then it is removed',
    short: `drain ${added}`,
    run: async (cluster) => {
      await cluster.ask('osd', 'out', '5');
      await until('it has no PGs any more', () => pgsOf(cluster, 5) === 0, {
        withinMs: patienceMs,
        describe: () => `${pgsOf(cluster, 5)} PGs`,
      });
      await cluster.untilClean();
      await cluster.stop(added);
      await cluster.untilDown(added);
      await cluster.ask('osd', 'purge', '5', '--yes');
      await cluster.forget(added);
    },
    pauseMsMax,
  },
];

/** Whose records name it. */
function pgsOf({ map, pool }: RealCluster, id: number): number {
  const osd = osdId(id);
  return Array.from({ length: pool.pgNum }, (_, pg) => map.records.get({ pool: pool.id, pg })).filter((record) =>
    [...(record?.acting ?? []), ...(record?.eligible ?? [])].some((member) => member.osd === osd),
  ).length;
}
