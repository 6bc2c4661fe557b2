/** What a session promises to whoever uses it, with monitors that die, are cut off, or refuse. */
import assert from 'node:assert/strict';
import type { ClusterMap } from '../../cluster/map.js';
import { authAdd, authCaps } from '../../protocol/commands/auth.js';
import { configSet } from '../../protocol/commands/config.js';
import { monDump } from '../../protocol/commands/mon.js';
import type { MonitorSession } from '../../protocol/monitor-session.js';
import { coded, onMonitors, port, type SimCluster } from '../monitor/daemon/sim-cluster.js';

function set(client: MonitorSession, value: number, wait = {}) {
  const args = { section: 'global', option: 'osd_heartbeat_grace', value: `${value}s` };
  return client.change(configSet, args, wait);
}

/** Follows the map until stopped. */
class MapReader {
  readonly epochs: number[] = [];
  error: unknown;
  readonly #abort = new AbortController();
  readonly #ended: Promise<void>;

  constructor(client: MonitorSession) {
    this.#ended = this.#read(client.followMap({ signal: this.#abort.signal })).catch((error: unknown) => {
      this.error = error;
    });
  }

  get newest(): number {
    return this.epochs.at(-1) ?? 0;
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#ended;
  }

  async #read(maps: AsyncIterable<ClusterMap>): Promise<void> {
    for await (const { epoch } of maps) this.epochs.push(epoch);
  }
}

const epochOf = (cluster: SimCluster): number => cluster.leader?.state.map.epoch ?? 0;

describe('a session with the monitors', function () {
  this.timeout(60_000);

  it('finds one that lives among many that do not', () =>
    onMonitors(['a'], async (cluster) => {
      const monitors = ['x', 'y', 'a', 'z'].map((host) => ({ host, port }));
      for (const host of ['x', 'y', 'z']) cluster.world.machine(host);
      const client = await cluster.client({ monitors });
      assert.equal((await client.query(monDump, {}, cluster.within(15_000))).result.leader, 'a');
      await client.close();
    }));

  it('says at once that its key is wrong, and names the monitors when none answers', () =>
    onMonitors(['a'], async (cluster) => {
      const impostor = await cluster.client({ key: new Uint8Array(32) });
      const begun = cluster.world.now;
      await assert.rejects(impostor.query(monDump, {}, {}), coded('AUTHENTICATION_FAILED'));
      assert.ok(cluster.world.now - begun < 1_000);
      await impostor.close();
      cluster.kill('a');
      const client = await cluster.client();
      await assert.rejects(
        client.query(monDump, {}, cluster.within(2_000)),
        coded('DEADLINE_EXCEEDED', /no monitor answers at a:7000/, 'no'),
      );
      await client.close();
    }));

  it('goes elsewhere from a monitor that is cut off from its leader', () =>
    onMonitors(['a', 'b', 'c'], async (cluster) => {
      const [victim = ''] = cluster.followers;
      cluster.isolate(victim);
      await cluster.until('it has no leader', () => cluster.site(victim).monitor?.status.hasQuorum === false);
      const client = await cluster.client({ monitors: [{ host: victim, port }, ...cluster.admin.monitors] });
      for (let value = 5; value < 10; value++) await set(client, value, cluster.within(20_000));
      await client.close();
    }));

  it('refuses beyond a thousand changes at once', () =>
    onMonitors(['a'], async (cluster) => {
      const client = await cluster.client();
      const changes = Array.from({ length: 1_000 }, (_, i) => set(client, 5 + (i % 20)));
      await assert.rejects(set(client, 5), coded('OVERLOADED'));
      await Promise.all(changes);
      await set(client, 5);
      await client.close();
    }));

  it('tells whoever waits that it was closed', () =>
    onMonitors(['a'], async (cluster) => {
      cluster.kill('a');
      const client = await cluster.client();
      const waiting = set(client, 5);
      const reader = new MapReader(client);
      await Promise.all([assert.rejects(waiting, coded('CLOSED')), cluster.world.sleep(10).then(() => client.close())]);
      await reader.stop();
      assert.equal(reader.error, undefined);
      await assert.rejects(set(client, 6), coded('CLOSED'));
    }));

  it('ends with its client, and the monitors keep nothing of it but that it is over', () =>
    onMonitors(['a', 'b', 'c'], async (cluster) => {
      await cluster.until('nothing is live', () => cluster.liveSessions.length === 0);
      const before = cluster.leader?.state.sessions.count ?? 0;
      for (let client = 0; client < 30; client++) {
        const host = [...cluster.sites.keys()][client % 3] ?? '';
        const one = await cluster.client({ monitors: [{ host, port }] });
        await set(one, 5 + client);
        await one.close();
      }
      await cluster.until('they are over', () => cluster.liveSessions.length === 0);
      assert.equal(cluster.leader?.state.sessions.count, before + 30);
    }));

  it('ends without waiting for a monitor', () =>
    onMonitors(['a'], async (cluster) => {
      const client = await cluster.client();
      await set(client, 5);
      cluster.world.network.cutBoth('client', 'a');
      const begun = cluster.world.now;
      await client.close();
      assert.ok(cluster.world.now - begun <= 1_100, 'as long as a goodbye may take');
    }));

  it('does not end while it is in doubt what became of a change', () =>
    onMonitors(['a', 'b', 'c'], async (cluster) => {
      await cluster.until('nothing is live', () => cluster.liveSessions.length === 0);
      const client = await cluster.client();
      await set(client, 5);
      for (const name of cluster.followers) cluster.kill(name);
      await assert.rejects(set(client, 6, cluster.within(2_000)), { code: 'DEADLINE_EXCEEDED', applied: 'maybe' });
      for (const { name, monitor } of cluster.sites.values()) if (monitor === undefined) cluster.start(name);
      await cluster.until('a leader', () => cluster.leader !== undefined);
      await client.query(monDump, {}, {});
      await client.close();
      await cluster.world.sleep(10_000);
      assert.equal(cluster.liveSessions.length, 1);
    }));

  it('closes at any moment of the hunt, and leaves nothing behind', () =>
    onMonitors(['a'], async (cluster) => {
      for (let ms = 0; ms < 6; ms += 0.25) {
        const client = await cluster.client();
        const query = client.query(monDump, {}, {}).catch(() => undefined);
        await cluster.world.sleep(ms);
        await client.close();
        await query;
      }
      await cluster.world.sleep(3_000);
      const monitor = cluster.site('a').monitor;
      assert.match(monitor?.metrics.render() ?? '', /cairn_mon_followers 0/);
    }));

  it('keeps the map while monitors come and go, without an epoch of the past', () =>
    onMonitors(['a', 'b', 'c'], async (cluster) => {
      const client = await cluster.client();
      const reader = new MapReader(client);
      for (let round = 0; round < 4; round++) {
        await set(client, 5 + round);
        const victim = [...cluster.sites.keys()][round % 3] ?? '';
        cluster.kill(victim);
        await set(client, 15 + round);
        await cluster.until('the newest map', () => reader.newest >= epochOf(cluster) && epochOf(cluster) > 0);
        cluster.start(victim);
        await cluster.until('it is back', () => cluster.site(victim).monitor !== undefined);
      }
      await reader.stop();
      assert.deepEqual(
        reader.epochs,
        [...new Set(reader.epochs)].sort((x, y) => x - y),
      );
      await client.close();
    }));

  it('leaves a monitor that hears of nothing new, though nobody asks it anything', () =>
    onMonitors(['a', 'b', 'c'], async (cluster) => {
      const [victim = ''] = cluster.followers;
      const client = await cluster.client();
      const follower = await cluster.client({ machine: 'follower', monitors: [{ host: victim, port }] });
      const reader = new MapReader(follower);
      await cluster.until('a map', () => reader.newest > 0);
      cluster.isolate(victim);
      await set(client, 5);
      await cluster.until('the newest map', () => reader.newest >= epochOf(cluster));
      await reader.stop();
      await Promise.all([client.close(), follower.close()]);
    }));

  it('says when it may not follow the map, and stops when it may no longer', () =>
    onMonitors(['a'], async (cluster) => {
      const admin = await cluster.client();
      const { key } = await admin.change(authAdd, { name: 'client.x', caps: [['osd', 'allow r']] }, {});
      const outsider = await cluster.client({ machine: 'x', name: 'client.x', key });
      const reader = new MapReader(outsider);
      await cluster.until('a refusal', () => reader.error !== undefined);
      assert.ok(coded('PERMISSION_DENIED', /needs the capability mon 'allow r', which client\.x lacks/)(reader.error));
      await admin.change(authCaps, { name: 'client.x', caps: [['mon', 'allow r']] }, {});
      const insider = await cluster.client({ machine: 'y', name: 'client.x', key });
      const second = new MapReader(insider);
      await cluster.until('a map', () => second.newest >= epochOf(cluster));
      await admin.change(authCaps, { name: 'client.x', caps: [['osd', 'allow r']] }, {});
      const last = second.newest;
      await set(admin, 5);
      await cluster.world.sleep(1_000);
      assert.equal(second.newest, last);
      await Promise.all([reader.stop(), second.stop()]);
      await Promise.all([admin.close(), outsider.close(), insider.close()]);
    }));

  it('follows the log from now on, each record once, through the loss of monitors', () =>
    onMonitors(['a', 'b', 'c'], async (cluster) => {
      const client = await cluster.client();
      const abort = new AbortController();
      const numbers: number[] = [];
      const reading = (async () => {
        for await (const records of client.followLog({ signal: abort.signal })) {
          for (const { number } of records) numbers.push(number);
        }
      })();
      await cluster.world.sleep(200);
      const first = (cluster.leader?.state.log.last ?? 0) + 1;
      for (let round = 0; round < 3; round++) {
        const victim = cluster.leaderName;
        cluster.kill(victim);
        await cluster.until('another leader', () => cluster.leader !== undefined);
        cluster.start(victim);
        await cluster.until('it is back', () => cluster.site(victim).monitor !== undefined);
        const last = (): number => cluster.leader?.state.log.last ?? Infinity;
        await cluster.until('the newest record', () => (numbers.at(-1) ?? 0) >= last());
      }
      abort.abort();
      await reading;
      assert.deepEqual(
        numbers,
        numbers.map((_, i) => first + i),
      );
      await client.close();
    }));
});
