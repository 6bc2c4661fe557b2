/** A copy of a change that is read when nobody remembers that the change was made: it must not be made again. */
import assert from 'node:assert/strict';
import { isCairnError } from '../../../base/errors.js';
import { configSet } from '../../../protocol/commands/config.js';
import { commandMethod, type RequestId } from '../../../protocol/monitor-methods.js';
import { Dialer } from '../../../wire/dialer.js';
import { coded, onMonitors, port, type SimCluster } from './sim-cluster.js';

/** Beyond what a session is kept for, and the minute until the next look for idle ones. */
const pauseMs = 11.5 * 60_000;

const args = { section: 'global', option: 'osd_heartbeat_grace', value: '9s' };

async function dial(cluster: SimCluster, machine: string, host: string): Promise<Dialer> {
  const { name, key, fsid } = cluster.admin;
  const runtime = await cluster.runtime(machine);
  const dialer = new Dialer(runtime, { address: { host, port }, identity: { name, role: 'client', fsid } }, { key });
  await dialer.connected();
  return dialer;
}

const ask = (dialer: Dialer, request: RequestId) =>
  dialer.call(commandMethod, { command: configSet.name, args, request });

/** How often the setting was set to that value. */
function times(cluster: SimCluster): number {
  const audit = cluster.leader?.state.view().audit({ after: 0, count: 10_000 }) ?? [];
  return audit.filter(({ args: text, outcome }) => outcome.kind === 'done' && text.includes('"9s"')).length;
}

async function told(dialer: Dialer, request: RequestId): Promise<number> {
  try {
    await ask(dialer, request);
  } catch (error) {
    assert.ok(isCairnError(error, 'CONFLICT') && error.details['sessionOver'] === true, String(error));
    return Number(error.details['sessionClock']);
  }
  assert.fail('a session that does not say when it began is refused');
}

describe('a late copy of a change', function () {
  this.timeout(120_000);

  it('is refused, when a monitor that was frozen for eleven minutes passes it on', () =>
    onMonitors(['a', 'b', 'c'], async (cluster) => {
      const [frozen = ''] = cluster.followers;
      const early = await dial(cluster, 'early', cluster.leaderName);
      // Its machine freezes with the monitor's, so that the copy stays on its way and neither end sees time pass.
      const late = await dial(cluster, 'late', frozen);
      const request = { session: '7'.repeat(32), number: 1, floor: 1 };
      const stamped = { ...request, begun: await told(early, request) };
      cluster.world.machine(frozen).suspend();
      const copy = assert.rejects(ask(late, stamped), coded('CONFLICT', /is over/));
      // It leaves, and finds nobody who would take it in.
      await cluster.world.sleep(100);
      cluster.world.machine('late').suspend();
      await ask(early, stamped);
      await ask(early, stamped);
      assert.equal(times(cluster), 1);
      await cluster.world.sleep(pauseMs);
      assert.deepEqual(cluster.liveSessions, [], 'nobody remembers');
      for (const name of [frozen, 'late']) cluster.world.machine(name).resume();
      await copy;
      assert.equal(times(cluster), 1);
      await Promise.all([early.close(), late.close()]);
    }));

  it('is told from the next change of a client that was idle as long: that one notices nothing', () =>
    onMonitors(['a'], async (cluster) => {
      const client = await cluster.client();
      await client.change(configSet, { ...args, value: '8s' }, {});
      await cluster.world.sleep(pauseMs);
      assert.deepEqual(cluster.liveSessions, []);
      await client.change(configSet, args, {});
      assert.equal(times(cluster), 1);
      await client.close();
    }));
});
