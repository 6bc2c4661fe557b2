import assert from 'node:assert/strict';
import { osdId } from '../../cluster/ids.js';
import { Topology } from '../../cluster/topology.js';
import { crushOf } from '../monitor/sample-map.js';

describe('topology', () => {
  const crush = crushOf([[2, 1], [1]]);
  const topology = new Topology(crush);

  it('lists the way from an OSD to its root', () => {
    assert.deepEqual(
      topology.ancestorsOf(osdId(2)).map(({ name }) => name),
      ['h1', 'r0', 'default'],
    );
    assert.deepEqual(topology.ancestorsOf(osdId(9)), []);
  });

  it('knows every OSD below a bucket, at any depth', () => {
    const below = new Map([...topology.subtrees.values()].map(({ name, osds }) => [name, osds]));
    assert.deepEqual(below.get('h0'), [0, 1]);
    assert.deepEqual(below.get('r0'), [0, 1, 2]);
    assert.deepEqual(below.get('default'), [0, 1, 2, 3]);
  });

  it('leaves shadow trees out', () => {
    const shadow = { id: -50, name: 'h0~ssd', type: 1, algorithm: 'straw2', items: [{ id: 0, weight: 1 }] } as const;
    const buckets = new Map(crush.buckets).set(-50, { ...shadow, shadow: { of: -1, deviceClass: 'ssd' } });
    const shadowed = new Topology({ ...crush, buckets });
    assert.deepEqual([...shadowed.subtrees.keys()], [...topology.subtrees.keys()]);
    assert.deepEqual(shadowed.ancestorsOf(osdId(0)), topology.ancestorsOf(osdId(0)));
  });

  const domains = [
    { name: 'the bucket of that level', osd: 0, level: 'host', domain: 'host h0' },
    { name: 'a higher level', osd: 3, level: 'rack', domain: 'rack r1' },
    { name: 'the OSD itself at the lowest level', osd: 0, level: 'osd', domain: 'osd.0' },
    { name: 'the largest bucket below a level that is left out', osd: 0, level: 'row', domain: 'rack r0' },
    { name: 'the machine of an OSD outside the hierarchy', osd: 9, level: 'host', domain: 'machine m' },
  ];
  for (const c of domains) {
    it(`takes as a domain ${c.name}`, () => {
      const withRows = new Topology({ ...crush, types: new Map(crush.types).set(4, 'row') });
      assert.equal(withRows.domainOf(osdId(c.osd), c.level, 'm'), c.domain);
    });
  }

  it('takes an OSD outside the hierarchy, of an unknown machine, as a domain', () => {
    assert.equal(topology.domainOf(osdId(9), 'host', ''), 'osd.9');
  });
});
