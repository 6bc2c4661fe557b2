import assert from 'node:assert/strict';
import { commonEnd } from '../../../../osd/pg/primary/join-plan.js';
import type { LogPosition } from '../../../../osd/pg/types.js';

/** `2:5` is entry 5, the last of term 2. */
function lineage(text: string): LogPosition[] {
  if (text === '') return [];
  return text.split(' ').map((word) => {
    const [term = '', seq = ''] = word.split(':');
    return { term: Number(term), seq: Number(seq) };
  });
}

const cases = [
  { name: 'the shorter of two that agree', ours: '1:5 3:9', theirs: '1:5 3:7', common: '3:7' },
  { name: 'what the joiner has beyond is not', ours: '1:5 3:9', theirs: '1:5 3:12', common: '3:9' },
  { name: 'a term that only the joiner has is not', ours: '1:5 3:9', theirs: '1:5 2:8', common: '1:5' },
  { name: 'a term that it left half way', ours: '1:5 3:9', theirs: '1:4 2:8', common: '1:4' },
  { name: 'none without a term in common', ours: '3:9', theirs: '2:8', common: undefined },
  { name: 'none with an empty log', ours: '3:9', theirs: '', common: undefined },
];

describe('osd/pg: the last entry that two logs have', () => {
  for (const { name, ours, theirs, common } of cases) {
    it(name, () => {
      assert.deepEqual(
        commonEnd(lineage(ours), lineage(theirs)),
        common === undefined ? undefined : lineage(common)[0],
      );
    });
  }
});
