import assert from 'node:assert/strict';
import { parseCrushText } from '../../crush/text-parser.js';

function shadows(text: string): Record<string, number> {
  const { buckets } = parseCrushText(text);
  return Object.fromEntries(
    [...buckets.values()].filter(({ shadow }) => shadow !== undefined).map(({ id, name }) => [name, id]),
  );
}

const head = `device 0 a class ssd
device 1 b class hdd
type 0 osd
type 1 host
type 2 root
`;
const rule = 'rule r { id 0 type replicated min_size 1 max_size 2 step take top step emit }';

describe('shadow trees', () => {
  it('take the first free ids: roots from the lowest id, classes by number, children first', () => {
    const text = `${head}host h { id -3 alg straw2 item a item b }\nroot top { id -1 alg straw2 item h }\n${rule}`;
    assert.deepEqual(shadows(text), { 'h~ssd': -2, 'top~ssd': -4, 'h~hdd': -5, 'top~hdd': -6 });
  });

  it('keep the ids that the text states, and leave them free for nobody else', () => {
    const text = `${head}host h { id -3 id -2 class hdd alg straw2 item a item b }
      root top { id -1 id -9 class ssd alg straw2 item h }\n${rule}`;
    assert.deepEqual(shadows(text), { 'h~ssd': -4, 'top~ssd': -9, 'h~hdd': -2, 'top~hdd': -5 });
  });

  it('are shared by roots that share buckets', () => {
    const text = `${head}host h { id -1 alg straw2 item a item b }\nroot top { id -2 alg straw2 item h }
      root other { id -3 alg straw2 item h }\n${rule}`;
    assert.deepEqual(Object.keys(shadows(text)).sort(), [
      'h~hdd',
      'h~ssd',
      'other~hdd',
      'other~ssd',
      'top~hdd',
      'top~ssd',
    ]);
  });

  it('hold the devices of their class with the weights of the originals, and empty buckets too', () => {
    const text = `${head}host h { id -1 alg straw2 item a weight 3 }\nroot top { id -2 alg straw2 item h weight 9 }\n${rule}`;
    const { buckets } = parseCrushText(text);
    const byName = new Map([...buckets.values()].map((bucket) => [bucket.name, bucket]));
    assert.deepEqual(byName.get('h~ssd')?.items, [{ id: 0, weight: 3 * 0x10000 }]);
    assert.deepEqual(byName.get('h~hdd')?.items, []);
    assert.deepEqual(byName.get('top~ssd')?.items, [{ id: byName.get('h~ssd')?.id, weight: 3 * 0x10000 }]);
    assert.deepEqual(byName.get('top~hdd')?.items, [{ id: byName.get('h~hdd')?.id, weight: 0 }]);
  });

  it('end at the first uniform bucket with devices of a class, where Ceph gives up', () => {
    const text = `${head}host h { id -1 alg uniform item a item b }\nroot top { id -2 alg straw2 item h }\n${rule}`;
    assert.deepEqual(shadows(text), {});
  });

  it('stop at a uniform bucket before its second child, whose ids Ceph does not hand out', () => {
    const text = `${head}device 2 c class ssd
      host h { id -1 alg straw2 item a }
      host i { id -2 alg straw2 item c }
      root top { id -3 alg uniform item h weight 1 item i weight 1 }\n${rule}`;
    assert.deepEqual(shadows(text), { 'h~ssd': -4 });
  });

  it('are not built in a map without rules', () => {
    assert.deepEqual(shadows(`${head}root top { alg straw2 item a }`), {});
  });
});
