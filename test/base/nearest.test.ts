import assert from 'node:assert/strict';
import { nearest } from '../../base/nearest.js';

const names = ['osd_heartbeat_grace', 'osd_heartbeat_interval', 'client.admin', 'log_level', 'ab', 'mon'];

const cases = [
  { name: 'a letter left out', word: 'osd_heartbeat_grce', found: 'osd_heartbeat_grace' },
  { name: 'a letter too many', word: 'client.admiin', found: 'client.admin' },
  { name: 'two letters swapped', word: 'ba', found: undefined },
  { name: 'two letters swapped in a longer word', word: 'lgo_level', found: 'log_level' },
  { name: 'two letters swapped in a word that has room for one mistake', word: 'mno', found: 'mon' },
  { name: 'another letter', word: 'client_admin', found: 'client.admin' },
  { name: 'nothing alike', word: 'pool_size', found: undefined },
  { name: 'the empty word', word: '', found: undefined },
  { name: 'a word without bound', word: 'x'.repeat(1e6), found: undefined },
];

describe('nearest', () => {
  for (const c of cases) it(`for ${c.name}`, () => assert.equal(nearest(c.word, names), c.found));

  it('takes the nearest, and of equals the first', () => {
    assert.equal(nearest('abcdef', ['abcdxx', 'abcdeg', 'abcdeh']), 'abcdeg');
  });
});
