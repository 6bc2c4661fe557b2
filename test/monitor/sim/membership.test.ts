/** Monitors come, go, lose their disks and hand over the lead, while changes stream. */
import assert from 'node:assert/strict';
import { monRm, monTransfer } from '../../../protocol/commands/mon.js';
import { World } from '../../../runtime/sim/world.js';
import { forEachSeed } from '../../sim/seeds.js';
import { ChangeStreams } from './change-stream.js';
import { type Client, MonitorCluster } from './monitor-cluster.js';
import { LogWitness, MapWitness } from './witnesses.js';

interface Scene {
  readonly world: World;
  readonly cluster: MonitorCluster;
  readonly admin: Client;
}

describe('monitor daemons: membership', function () {
  this.timeout(120_000);

  it('a monitor that lost its disk comes back by itself as a learner, and gets a vote under a new member id', async () => {
    await forEachSeed({ count: 100, boxMs: 1_500 }, (seed) =>
      underChanges(seed, { snapshotAfterEntries: seed % 2 === 0 ? 20 : undefined }, async ({ world, cluster }) => {
        const site = world.stream('who').pick(cluster.sites);
        const before = cluster.newestMap.monitors.get(site.name);
        assert.ok(before !== undefined, 'it is in the map');
        await cluster.wipe(site);
        await world.sleep(world.stream('when').between(0, 2_000));
        cluster.boot(site);
        const roles: string[] = [];
        await cluster.until('it votes again', 10_000, () => {
          const now = cluster.newestMap.monitors.get(site.name);
          if (now !== undefined && now.member !== before.member && roles.at(-1) !== now.role) roles.push(now.role);
          return roles.at(-1) === 'voter';
        });
        assert.deepEqual(roles, ['learner', 'voter']);
        await cluster.untilVoters(3);
        const { voters } = cluster.leader?.monitor.status.raft.membership ?? { voters: [] };
        assert.ok(!voters.some((id) => id === before.member), 'the old member id has left');
      }),
    );
  });

  it('one is added, another removed, and the lead handed over', async () => {
    await forEachSeed({ count: 100, boxMs: 1_500 }, (seed) =>
      underChanges(seed, {}, async ({ cluster, admin, world }) => {
        await cluster.add(admin, 'd');
        const to = world.stream('to').pick(cluster.sites.filter((site) => site !== cluster.leader));
        await admin.session.control(monTransfer, { name: to.name }, admin.within(10_000));
        await cluster.until('it takes the lead up', 1_000, () => cluster.leader === to);
        const gone = world.stream('gone').pick(cluster.sites);
        await admin.session.control(monRm, { name: gone.name, confirmed: true }, admin.within(10_000));
        cluster.forget(gone);
        await cluster.untilVoters(3);
        assert.ok(!cluster.newestMap.monitors.has(gone.name) && !cluster.newestMap.entities.has(`mon.${gone.name}`));
      }),
    );
  });
});

/** Three monitors, three streams of changes, and followers that miss nothing. */
async function underChanges(
  seed: number,
  shape: { readonly snapshotAfterEntries?: number | undefined },
  act: (scene: Scene) => Promise<void>,
): Promise<void> {
  const world = new World({ seed });
  await world.main(async () => {
    const cluster = await MonitorCluster.found(world, { monitors: 3, ...shape });
    const maps = new MapWitness(cluster);
    const log = new LogWitness(await cluster.client());
    maps.follow(await cluster.client());
    maps.follow(await cluster.client(), { takeMs: 700 });
    const streams = new ChangeStreams(world);
    let isOver = false;
    const options = { deadlineMs: 20_000, pauseMs: 50, isOver: () => isOver };
    const clients = [await cluster.client(), await cluster.client(), await cluster.client()];
    const running = clients.map((client) => streams.run(client, options));
    await world.sleep(300);
    await act({ world, cluster, admin: await cluster.client() });
    await world.sleep(300);
    isOver = true;
    await Promise.all(running);
    assert.equal(streams.failed, 0, 'each client got its answer');
    await maps.untilNobodyIsBehind(10_000);
    await log.untilCaughtUp(cluster, 10_000);
    log.check(cluster);
    await cluster.untilEqual();
    const state = cluster.leader?.monitor.state.view();
    assert.ok(state !== undefined, 'there is a leader');
    streams.check(state.audit({ after: 0, count: 10_000 }), state.map.config);
  });
}
