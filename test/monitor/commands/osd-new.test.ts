import assert from 'node:assert/strict';
import { osdId } from '../../../cluster/ids.js';
import { osdNew } from '../../../protocol/commands/osd.js';
import { clusterOf } from './run-commands.js';
import { sampleMap } from './sample-map.js';

describe('osd.new', () => {
  it('takes the lowest id that nobody has, and no two get the same', async () => {
    const cluster = clusterOf(sampleMap({ osds: 3 }));
    const first = await cluster.as('client.admin').change(osdNew, {}, {});
    const second = await cluster.as('client.admin').change(osdNew, {}, {});
    assert.deepEqual([first.id, first.name, first.isNew], [3, 'osd.3', true]);
    assert.equal(second.id, 4);
    assert.deepEqual(first.caps, [['mon', 'profile osd']]);
    assert.notDeepEqual(first.key, second.key);
  });

  it('gives the same key for the same id again, and refuses one that has other capabilities', async () => {
    const cluster = clusterOf(sampleMap({ osds: 0 }));
    const first = await cluster.as('client.admin').change(osdNew, { osd: osdId(7) }, {});
    const again = await cluster.as('client.admin').change(osdNew, { osd: osdId(7) }, {});
    assert.deepEqual([again.id, again.isNew], [7, false]);
    assert.deepEqual(again.key, first.key);
    cluster.apply({ kind: 'entity', entity: { name: 'osd.8', caps: new Map([['mon', 'allow r']]) } });
    await assert.rejects(cluster.as('client.admin').change(osdNew, { osd: osdId(8) }, {}), { code: 'EXISTS' });
  });
});
