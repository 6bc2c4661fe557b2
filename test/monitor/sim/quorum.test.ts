/** What still works without a majority, what does not, and that nobody waits longer than he said. */
import assert from 'node:assert/strict';
import { type CairnError, isCairnError } from '../../../base/errors.js';
import { configDump, configSet } from '../../../protocol/commands/config.js';
import { monDump } from '../../../protocol/commands/mon.js';
import { World } from '../../../runtime/sim/world.js';
import { type Client, MonitorCluster } from './monitor-cluster.js';

const change = { section: 'osd', option: 'osd_heartbeat_grace', value: '4s' };

describe('monitor daemons: without a majority', function () {
  this.timeout(60_000);

  it('a query that accepts an old answer gets one that says so; any other says in time what to do', async () => {
    await withMinority(11, async ({ cluster, client, world }) => {
      const begun = world.now;
      const old = await client.session.query(configDump, { after: '' }, { ...client.within(10_000), mayBeStale: true });
      assert.ok(old.isStale, 'it says that it is old');
      assert.ok(world.now - begun < 5_000, `an old answer took ${world.now - begun} ms`);
      assert.equal(old.epoch, cluster.newestMap.epoch);
      const dump = await client.session.query(monDump, {}, { ...client.within(10_000), mayBeStale: true });
      assert.deepEqual([dump.result.hasQuorum, dump.result.leader], [false, undefined]);

      const error = await refusal(client.session.query(configDump, { after: '' }, client.within(3_000)));
      assert.equal(error.code, 'DEADLINE_EXCEEDED');
      assert.match(error.message, /no leader.*start the monitors that are down/);
    });
  });

  it('a change fails within its deadline, surely not applied, and the next goes through when the majority is back', async () => {
    await withMinority(12, async ({ cluster, client, world }) => {
      const begun = world.now;
      const error = await refusal(client.session.change(configSet, change, client.within(3_000)));
      assert.ok(Math.abs(world.now - begun - 3_000) < 100, `it took ${world.now - begun} ms`);
      assert.equal(error.code, 'DEADLINE_EXCEEDED');
      assert.equal(error.applied, 'no');
      assert.match(error.message, /no leader.*start the monitors that are down/);

      const waiting = client.session.change(configSet, change, client.within(20_000));
      await world.sleep(4_000);
      for (const site of cluster.sites) cluster.boot(site);
      await waiting;
      assert.equal(cluster.newestMap.config.get('osd/osd_heartbeat_grace'), '4s');
      await cluster.untilEqual();
    });
  });

  it('a minority that still has its old leader takes no changes, and lets go of clients that want some', async () => {
    const world = new World({ seed: 13 });
    await world.main(async () => {
      const cluster = await MonitorCluster.found(world, { monitors: 3 });
      const { leader } = cluster;
      assert.ok(leader !== undefined, 'there is a leader');
      const client = await cluster.client();
      await client.session.query(monDump, {}, client.within(5_000));
      for (const site of cluster.sites)
        if (site !== leader) world.network.cutBoth(leader.machine.name, site.machine.name);
      const begun = world.now;
      await client.session.change(configSet, change, client.within(20_000));
      assert.ok(world.now - begun < 8_000, `the change took ${world.now - begun} ms`);
      assert.notEqual(cluster.leader, leader);
      world.network.heal();
      await cluster.untilEqual();
    });
  });
});

interface Scene {
  readonly world: World;
  readonly cluster: MonitorCluster;
  readonly client: Client;
}

/** Two of three monitors are killed. */
async function withMinority(seed: number, act: (scene: Scene) => Promise<void>): Promise<void> {
  const world = new World({ seed });
  await world.main(async () => {
    const cluster = await MonitorCluster.found(world, { monitors: 3 });
    const client = await cluster.client();
    const survivor = world.stream('survivor').pick(cluster.sites);
    for (const site of cluster.sites) if (site !== survivor) site.process?.kill();
    await act({ world, cluster, client });
  });
}

async function refusal(promise: Promise<unknown>): Promise<CairnError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(isCairnError(error), 'it is refused');
  return error;
}
