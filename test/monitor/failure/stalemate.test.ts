import assert from 'node:assert/strict';
import fc from 'fast-check';
import { osdId } from '../../../cluster/ids.js';
import { type Accusation, settle } from '../../../monitor/failure/stalemate.js';

/** `1>2` is an old accusation, `1>2?` a young one. */
function accusations(text: string): Accusation[] {
  return text.split(' ').map((edge) => {
    const [reporter = '', target = ''] = edge.replace('?', '').split('>');
    return { reporter: osdId(Number(reporter)), target: osdId(Number(target)), isOld: !edge.endsWith('?') };
  });
}

describe('a stalemate', () => {
  const cases = [
    { name: 'of one accusation takes the accused', edges: '5>2', gone: [2] },
    { name: 'of two that accuse each other takes the higher id', edges: '5>2 2>5', gone: [5] },
    { name: 'takes the one that accuses many', edges: '1>2 1>3 1>4', gone: [1] },
    { name: 'takes the one whom many accuse', edges: '2>1 3>1 4>1', gone: [1] },
    { name: 'leaves one of two equal sides whole', edges: '1>3 1>4 2>3 2>4', gone: [4, 3] },
    { name: 'takes the smaller side', edges: '1>3 1>4 1>5 2>3 2>4 2>5', gone: [2, 1] },
    { name: 'waits while all accusations are young', edges: '1>2? 2>1?', gone: [] },
    { name: 'weighs young accusations with the old ones', edges: '1>2 1>3? 1>4?', gone: [1] },
    { name: 'leaves alone who has young accusations only', edges: '1>2 5>6? 5>7?', gone: [2] },
  ];
  for (const c of cases) it(c.name, () => assert.deepEqual(settle(accusations(c.edges)), c.gone));

  it('ends: no old accusation is left between those that stay, whoever they are, and nobody goes in vain', () => {
    const edge = fc.record({ reporter: fc.nat(9), target: fc.nat(9), isOld: fc.boolean() });
    fc.assert(
      fc.property(fc.array(edge, { maxLength: 40 }), (edges) => {
        const graph = edges
          .filter(({ reporter, target }) => reporter !== target)
          .map(({ reporter, target, isOld }) => ({ reporter: osdId(reporter), target: osdId(target), isOld }));
        const gone = new Set(settle(graph));
        const old = graph.filter(({ isOld }) => isOld);
        assert.ok(old.every(({ reporter, target }) => gone.has(reporter) || gone.has(target)));
        for (const osd of gone) assert.ok(old.some(({ reporter, target }) => reporter === osd || target === osd));
      }),
    );
  });
});
