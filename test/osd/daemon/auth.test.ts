/** Who may connect to an OSD: it learns of each name what it proves itself with, from the monitors. */
import assert from 'node:assert/strict';
import { type CairnError, isCairnError } from '../../../base/errors.js';
import { monotonicMs } from '../../../base/instants.js';
import { heartbeatMethod } from '../../../osd/daemon/heartbeat-method.js';
import { authAdd, authRm, authRotate, authServiceKey } from '../../../protocol/commands/auth.js';
import type { SimProcess } from '../../../runtime/sim/process.js';
import { Dialer } from '../../../wire/dialer.js';
import { serviceKeyOf } from '../../../wire/service-key.js';
import type { Client, MonitorCluster } from '../../monitor/sim/monitor-cluster.js';
import { inCluster, type Scene, type SimOsd } from './osd-cluster.js';

/** Somebody at the public address of an OSD. */
class Caller {
  readonly dialer: Dialer;
  readonly #process: SimProcess;
  readonly failures: CairnError[] = [];

  constructor({ process }: Client, osd: SimOsd, name: string, key: Uint8Array) {
    this.#process = process;
    const address = osd.daemon?.addresses.publicAddress;
    assert.ok(address !== undefined, 'the OSD runs');
    const identity = { name, role: 'client', fsid: osd.credentials.fsid };
    this.dialer = new Dialer(
      process.runtime,
      { address, identity, expectedName: `osd.${osd.id}`, backoffMsMax: 200 },
      { key, onFailed: (error) => void this.failures.push(error) },
    );
  }

  async call(ms = 10_000): Promise<void> {
    const deadline = monotonicMs(this.#process.runtime.clock.now() + ms);
    await this.dialer.call(heartbeatMethod, {}, { deadline });
  }
}

async function keyOf({ admin }: Scene, name: string): Promise<Uint8Array> {
  return (await admin.session.change(authAdd, { name, caps: [['mon', 'allow r']] }, admin.within(10_000))).key;
}

function refused(error: unknown): boolean {
  return isCairnError(error, 'AUTHENTICATION_FAILED');
}

/** All monitors but the first, which is left without a quorum. */
function killQuorum(cluster: MonitorCluster): void {
  for (const site of cluster.sites.slice(1)) site.process?.kill();
}

describe('osd daemon: who may connect', function () {
  this.timeout(60_000);

  it('whoever proves the service key of his name; not the wrong key, nor the key itself, nor an unknown name', async () => {
    await inCluster({ seed: 1, osds: 1 }, async (scene) => {
      const { admin, osd } = scene;
      const key = await keyOf(scene, 'client.a');
      await new Caller(admin, osd, 'client.a', serviceKeyOf(key, 'osd')).call();
      await assert.rejects(new Caller(admin, osd, 'client.a', key).call(), refused);
      await assert.rejects(new Caller(admin, osd, 'client.a', serviceKeyOf(key, 'volume')).call(), refused);
      await assert.rejects(new Caller(admin, osd, 'client.b', serviceKeyOf(key, 'osd')).call(), refused);
    });
  });

  it('a removed entity loses its connection, and gets no other', async () => {
    await inCluster({ seed: 2, osds: 1 }, async (scene) => {
      const { admin, osd, cluster } = scene;
      const key = serviceKeyOf(await keyOf(scene, 'client.a'), 'osd');
      const caller = new Caller(admin, osd, 'client.a', key);
      await caller.call();
      await admin.session.change(authRm, { name: 'client.a' }, admin.within(5_000));
      await cluster.until('its connection is closed', 1_000, () => caller.dialer.peer === undefined);
      await assert.rejects(caller.call(), refused);
    });
  });

  it('a new key is taken at once, and the old one for a minute at most', async () => {
    await inCluster({ seed: 3, osds: 1 }, async (scene) => {
      const { admin, osd, world } = scene;
      const old = serviceKeyOf(await keyOf(scene, 'client.a'), 'osd');
      await new Caller(admin, osd, 'client.a', old).call();
      await world.sleep(2_000);
      const { key } = await admin.session.change(authRotate, { name: 'client.a' }, admin.within(5_000));
      const caller = new Caller(admin, osd, 'client.a', serviceKeyOf(key, 'osd'));
      await caller.call();
      assert.deepEqual(caller.failures, []);
      await assert.rejects(new Caller(admin, osd, 'client.a', old).call(), refused);
    });
    await inCluster({ seed: 4, osds: 1 }, async (scene) => {
      const { admin, osd, world } = scene;
      const old = serviceKeyOf(await keyOf(scene, 'client.a'), 'osd');
      await new Caller(admin, osd, 'client.a', old).call();
      await admin.session.change(authRotate, { name: 'client.a' }, admin.within(5_000));
      await world.sleep(60_000);
      await assert.rejects(new Caller(admin, osd, 'client.a', old).call(), refused);
    });
  });

  it('without a quorum, whoever was there before, and nobody else, who is told why', async () => {
    await inCluster({ seed: 5, osds: 1, monitors: 3 }, async (scene) => {
      const { admin, osd, cluster, world } = scene;
      const key = serviceKeyOf(await keyOf(scene, 'client.a'), 'osd');
      const other = serviceKeyOf(await keyOf(scene, 'client.b'), 'osd');
      await new Caller(admin, osd, 'client.a', key).call();
      killQuorum(cluster);
      await world.sleep(90_000);
      await new Caller(admin, osd, 'client.a', key).call();
      const stranger = new Caller(admin, osd, 'client.b', other);
      await assert.rejects(stranger.call(20_000));
      const told = stranger.failures.find(({ message }) => /cannot find out the key of client\.b/.test(message));
      assert.match(told?.message ?? '', /try again when the monitors have a quorum/);
    });
  });

  it('only OSDs may ask for the service keys of others', async () => {
    await inCluster({ seed: 6, osds: 1 }, async (scene) => {
      const key = await keyOf(scene, 'client.a');
      const ask = async (client: Client): Promise<Uint8Array | undefined> => {
        const args = { name: 'client.a', service: 'osd' } as const;
        return (await client.session.query(authServiceKey, args, client.within(10_000))).result.key;
      };
      const asOsd = await scene.cluster.client(scene.osd.credentials, 'osd');
      assert.deepEqual(Buffer.from((await ask(asOsd)) ?? []), Buffer.from(serviceKeyOf(key, 'osd')));
      const asClient = await scene.cluster.client({ ...scene.cluster.admin, name: 'client.a', key });
      await assert.rejects(ask(asClient), { code: 'PERMISSION_DENIED' });
    });
  });
});
