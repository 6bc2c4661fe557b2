import assert from 'node:assert/strict';
import { viewBuffer } from '../../../base/bytes.js';
import { configRm, configSet } from '../../../protocol/commands/config.js';
import { onMonitors } from './sim-cluster.js';

const target = { section: 'global', option: 'log_syslog_target' };

describe('the cluster log on a syslog server', function () {
  this.timeout(60_000);

  it('comes from the leader, whoever that is, with every record while it is wanted', () =>
    onMonitors(['a', 'b', 'c'], async (cluster) => {
      const texts: string[] = [];
      cluster.world.machine('syslog').receiveDatagrams(514, (datagram: Uint8Array) => {
        texts.push(viewBuffer(datagram).toString('utf8'));
      });
      const client = await cluster.client();
      await client.change(configSet, { ...target, value: 'udp://syslog:514' }, {});
      const victim = cluster.leaderName;
      await cluster.until('the change itself', () => texts.some((text) => text.includes('log_syslog_target')));
      assert.ok(
        texts.every((text) => text.includes(` ${victim} cairn-mon mon.${victim} CLUSTER `)),
        texts[0],
      );
      cluster.kill(victim);
      await cluster.until('another leader', () => cluster.leader !== undefined && cluster.leaderName !== victim);
      const next = cluster.leaderName;
      await cluster.until('its first record', () => texts.some((text) => text.includes(`mon.${next} leads`)));
      await client.change(configRm, target, {});
      await cluster.world.sleep(1_000);
      const count = texts.length;
      await client.change(configSet, { section: 'global', option: 'osd_heartbeat_grace', value: '9s' }, {});
      await cluster.world.sleep(1_000);
      assert.equal(texts.length, count);
      await client.close();
    }));
});
