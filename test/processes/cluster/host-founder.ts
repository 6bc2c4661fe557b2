/** A cluster whose OSDs have hosts with a network of their own; its monitor is at this end of the cables. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeClusterConf } from '../../../cli/cluster-conf.js';
import { encodeMonitorFile } from '../../../cli/monitor-settings.js';
import { encodeOsdFile } from '../../../cli/osd-settings.js';
import { osdId } from '../../../cluster/ids.js';
import type { NodeAddress } from '../../../cluster/osd.js';
import { initCluster } from '../../../monitor/daemon/boot.js';
import { mkfs } from '../../../osd/store/mkfs.js';
import { osdNew, osdStat } from '../../../protocol/commands/osd.js';
import { parseBytes } from '../../../base/parse-bytes.js';
import { MonitorSession } from '../../../protocol/monitor-session.js';
import { type Children, here, until, within } from '../children.js';
import type { ClusterShape, Founder } from './founder.js';
import { NetworkHosts, ownAddress } from './network-hosts.js';

/** Each has an address for itself. */
const osdPort = 6_800;
const foundMs = 60_000;

export class HostFounder implements Founder {
  readonly hosts: NetworkHosts;

  constructor(osds: number) {
    this.hosts = NetworkHosts.make(osds);
  }

  /** OSD n is on host n. */
  prefixOf(name: string): readonly string[] {
    return name.startsWith('osd.') ? this.hosts.prefixOf(Number(name.slice('osd.'.length))) : [];
  }

  end(): void {
    this.hosts.end();
  }

  async found(children: Children, directory: string, shape: ClusterShape): Promise<ReadonlyMap<string, number>> {
    await mkdir(join(directory, 'conf'), { recursive: true });
    const address = await freePort();
    const data = join(directory, 'mon.a');
    const { monitor, admin } = await initCluster(here, { directory: data, name: 'a', address });
    const file = encodeMonitorFile({
      name: 'a',
      directory: data,
      address,
      adminAddress: undefined,
      credentials: monitor,
    });
    await writeFile(join(directory, 'conf', 'mon.a.yaml'), file, { mode: 0o600 });
    await writeFile(join(directory, 'cluster.yaml'), encodeClusterConf(admin), { mode: 0o600 });
    const pids = new Map([['mon.a', this.#run(children, directory, 'mon.a')]]);
    const client = new MonitorSession(here, { credentials: admin, role: 'client' });
    try {
      for (let osd = 0; osd < shape.osds; osd++) {
        await this.#makeOsd(client, directory, osd, shape);
        pids.set(`osd.${osd}`, this.#run(children, directory, `osd.${osd}`));
      }
      await until(
        'all OSDs are up',
        async () => (await client.query(osdStat, {}, within(foundMs))).result.up === shape.osds,
        {
          withinMs: foundMs,
        },
      );
    } finally {
      await client.close();
    }
    return pids;
  }

  async #makeOsd(client: MonitorSession, directory: string, osd: number, shape: ClusterShape): Promise<void> {
    const credentials = await client.change(osdNew, { osd: osdId(osd) }, within(foundMs));
    const disk = join(directory, `osd.${osd}`);
    const sizes = { capacityBytes: parseBytes(shape.osdSize), segmentBytes: parseBytes(shape.segmentSize) };
    await mkfs(here, disk, { osd: osdId(osd), fsid: credentials.fsid, ...sizes });
    const file = encodeOsdFile({
      directory: disk,
      publicAddress: { host: this.hosts.addressOf(osd), port: osdPort },
      location: ['root=default', `host=host-${osd}`],
      credentials,
    });
    await writeFile(join(directory, 'conf', `osd.${osd}.yaml`), file, { mode: 0o600 });
  }

  #run(children: Children, directory: string, name: string): number {
    return children.daemon(name, join(directory, 'conf', `${name}.yaml`), this.prefixOf(name)).pid;
  }
}

/** Of this process's end. */
async function freePort(): Promise<NodeAddress> {
  const listener = await here.network.listen({ host: ownAddress, port: 0 }, {}, (connection) => connection.destroy());
  await listener.close();
  return listener.address;
}
