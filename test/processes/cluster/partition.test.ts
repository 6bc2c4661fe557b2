/** A host that is cut off from all others while clients work. Only where namespaces of the network can be made. */
import { HostFounder } from './host-founder.js';
import { mayMakeHosts } from './network-hosts.js';
import { pauseMsMax, UnderLoad } from './under-load.js';

const osds = 4;
const cut = 1;

if (mayMakeHosts()) {
  describe('a cluster of processes on hosts of a network', function () {
    this.timeout(300_000);
    let founder: HostFounder;
    let underLoad: UnderLoad;

    before(async () => {
      founder = new HostFounder(osds);
      underLoad = new UnderLoad({ monitors: 1, osds, osdSize: '128MiB', segmentSize: '8MiB', pgNum: 16 }, founder);
      await underLoad.start();
    });

    after(() => underLoad.end());

    it('a host is cut off: others take over, and it comes back when its cable is plugged in', () => {
      return underLoad.run({
        short: `cut host-${cut} off`,
        round: 1,
        pauseMsMax,
        run: async (cluster, load) => {
          const name = `osd.${cut}`;
          founder.hosts.unplug(cut);
          await cluster.untilDown(name);
          await load.readAll();
          founder.hosts.plug(cut);
          await cluster.untilUp(name);
          await cluster.untilClean();
        },
      });
    });
  });
}
