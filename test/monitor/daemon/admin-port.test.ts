import assert from 'node:assert/strict';
import { listenForMonitoring } from '../../../monitor/daemon/admin-port.js';
import type { Monitor } from '../../../monitor/daemon/monitor.js';
import { onMonitors } from './sim-cluster.js';

describe('the admin port', function () {
  this.timeout(60_000);

  it('says who it is, how it is, and whether it has a leader', () =>
    onMonitors(['a', 'b'], async (cluster) => {
      const { process, monitor } = cluster.site('a');
      assert.ok(process !== undefined && monitor !== undefined);
      const host = cluster.world.machine('a');
      await listenForMonitoring(process.runtime.http, { host: 'a', port: 7100 }, partsOf(monitor));
      const health = await host.httpGet(7100, '/healthz');
      assert.equal(health.status, 200);
      assert.deepEqual(JSON.parse(textOf(health.body)), {
        name: 'mon.a',
        role: 'leader',
        term: 2,
        leader: 'a',
        hasQuorum: true,
        epoch: monitor.state.map.epoch,
      });
      assert.equal((await host.httpGet(7100, '/readyz')).status, 200);
      const metrics = textOf((await host.httpGet(7100, '/metrics')).body);
      assert.match(metrics, /^cairn_mon_is_leader 1$/m);
      assert.match(metrics, /^cairn_mon_raft_voters 2$/m);
      assert.match(metrics, /^cairn_health_status [0-2]$/m, 'the leader tells of the cluster');
      cluster.kill('b');
      await cluster.until('no leader', () => !monitor.status.hasQuorum);
      assert.equal((await host.httpGet(7100, '/healthz')).status, 200);
      const ready = await host.httpGet(7100, '/readyz');
      assert.equal(ready.status, 503);
      assert.doesNotMatch(textOf((await host.httpGet(7100, '/metrics')).body), /cairn_health_status/);
      assert.equal((JSON.parse(textOf(ready.body)) as { hasQuorum: boolean }).hasQuorum, false);
    }));
});

function partsOf(monitor: Monitor) {
  const { metrics } = monitor;
  const observe = (): Promise<void> => monitor.observe();
  return { name: 'a', metrics, observe, status: () => monitor.status, epoch: () => monitor.state.map.epoch };
}

function textOf(body: string | Uint8Array): string {
  return typeof body === 'string' ? body : new TextDecoder().decode(body);
}
