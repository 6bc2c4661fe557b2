/** A map of many OSDs, made in one go. */
import type { ClusterMap } from '../../../cluster/map.js';
import { parseCrushText } from '../../../crush/text-parser.js';
import { printCrushText } from '../../../crush/text-printer.js';
import { applyLocally, emptyClusterMap } from './local-map.js';
import { sampleOsd } from './sample-map.js';

/** Twenty to a host, with addresses and names as long as real ones. No pools. */
export function largeMap(osdCount: number): ClusterMap {
  const map = emptyClusterMap();
  const ids = Array.from({ length: osdCount }, (_, id) => id);
  const hosts = Array.from({ length: Math.ceil(osdCount / 20) }, (_, host) => host);
  const devices = ids.map((id) => `device ${id} osd.${id} class hdd\n`).join('');
  const buckets = hosts.map((host) => {
    const items = ids.slice(host * 20, host * 20 + 20).map((id) => `  item osd.${id} weight 1.00000\n`);
    return `host storage-node-${host} {\n  id ${-host - 10}\n  alg straw2\n  hash 0\n${items.join('')}}\n`;
  });
  const items = hosts.map((host) => `  item storage-node-${host} weight 20.00000\n`).join('');
  const text = printCrushText(map.crush)
    .replace('# devices\n', `# devices\n${devices}`)
    .replace('# buckets\n', `# buckets\n${buckets.join('')}`)
    .replace(/(root default \{[^}]*)\}/, `$1${items}}`);
  const osds = ids.map((id) => {
    const host = `storage-node-${Math.trunc(id / 20)}.dc1.example.com`;
    return { kind: 'osd' as const, osd: { ...sampleOsd(id), hostname: host } };
  });
  return applyLocally(map, [{ kind: 'crush', crush: parseCrushText(text) }, ...osds], 2_000);
}
