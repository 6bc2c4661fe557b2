import assert from 'node:assert/strict';
import type { SettledCopy } from '../../../osd/scrub/copy-state.js';
import { type Expected, judge, type Right } from '../../../osd/scrub/judge.js';

const v1 = { term: 1, seq: 10 };
const v2 = { term: 2, seq: 12 };
const absent: SettledCopy = { kind: 'absent' };
const whole = (version: typeof v1, sum = 'a'): SettledCopy => ({ kind: 'whole', version, bytes: 3, sum });
const rotten = (version: typeof v1 | null = v1): SettledCopy => ({ kind: 'rotten', version, problem: 'rot' });
const unknown: Expected = { kind: 'unknown' };
const gone: Expected = { kind: 'absent' };
const at = (version: typeof v1): Expected => ({ kind: 'version', version });

interface Case {
  readonly name: string;
  readonly copies: readonly SettledCopy[];
  readonly expected: Expected;
  readonly right: Right['kind'];
  readonly sources: readonly number[];
  /** By copy; `-` is fine. */
  readonly findings: readonly string[];
  readonly isCertain: boolean;
}

const cases: readonly Case[] = [
  {
    name: 'one rotten copy is certain, whatever the log knows',
    copies: [whole(v1), rotten(), whole(v1)],
    expected: unknown,
    right: 'version',
    sources: [0, 2],
    findings: ['-', 'rotten', '-'],
    isCertain: true,
  },
  {
    name: 'two rotten copies are healed from the third',
    copies: [rotten(null), rotten(), whole(v1)],
    expected: at(v1),
    right: 'version',
    sources: [2],
    findings: ['rotten', 'rotten', '-'],
    isCertain: true,
  },
  {
    name: 'all rotten: lost',
    copies: [rotten(), rotten(), rotten()],
    expected: at(v1),
    right: 'lost',
    sources: [],
    findings: ['rotten', 'rotten', 'rotten'],
    isCertain: false,
  },
  {
    name: 'an older version never stands for the newest, though it alone can be read',
    copies: [rotten(v2), whole(v1), rotten(v2)],
    expected: unknown,
    right: 'lost',
    sources: [],
    findings: ['rotten', 'stale', 'rotten'],
    isCertain: false,
  },
  {
    name: 'nor when the log alone knows of the newer one',
    copies: [whole(v1), whole(v1), rotten(null)],
    expected: at(v2),
    right: 'lost',
    sources: [],
    findings: ['stale', 'stale', 'rotten'],
    isCertain: false,
  },
  {
    name: 'the log is right against two of three',
    copies: [whole(v1), whole(v1), whole(v2)],
    expected: at(v2),
    right: 'version',
    sources: [2],
    findings: ['stale', 'stale', '-'],
    isCertain: false,
  },
  {
    name: 'without the log the newest version is the right one',
    copies: [whole(v1), whole(v2), whole(v2)],
    expected: unknown,
    right: 'version',
    sources: [1, 2],
    findings: ['stale', '-', '-'],
    isCertain: false,
  },
  {
    name: 'a missing copy',
    copies: [whole(v1), absent, whole(v1)],
    expected: unknown,
    right: 'version',
    sources: [0, 2],
    findings: ['-', 'missing', '-'],
    isCertain: false,
  },
  {
    name: 'the log knows that it was written, though two have lost it',
    copies: [absent, absent, whole(v1)],
    expected: at(v1),
    right: 'version',
    sources: [2],
    findings: ['missing', 'missing', '-'],
    isCertain: false,
  },
  {
    name: 'an extra copy',
    copies: [absent, whole(v1), absent],
    expected: unknown,
    right: 'absent',
    sources: [0, 2],
    findings: ['-', 'extra', '-'],
    isCertain: false,
  },
  {
    name: 'the log knows that it was removed, though two have it still',
    copies: [absent, whole(v1), rotten()],
    expected: gone,
    right: 'absent',
    sources: [0],
    findings: ['-', 'extra', 'extra'],
    isCertain: false,
  },
  {
    name: 'one of two has it, and nobody knows',
    copies: [whole(v1), absent],
    expected: unknown,
    right: 'undecided',
    sources: [],
    findings: ['differing', 'missing'],
    isCertain: false,
  },
  {
    name: 'one of three differs: the majority is right, and it is not healed unasked',
    copies: [whole(v1, 'b'), whole(v1), whole(v1)],
    expected: at(v1),
    right: 'version',
    sources: [1, 2],
    findings: ['differing', '-', '-'],
    isCertain: false,
  },
  {
    name: 'one of two that verify differs: nobody can say which',
    copies: [whole(v1, 'b'), whole(v1), rotten()],
    expected: at(v1),
    right: 'undecided',
    sources: [],
    findings: ['differing', 'differing', 'rotten'],
    isCertain: false,
  },
  {
    name: 'a rotten and a differing copy are not certain together',
    copies: [whole(v1, 'b'), whole(v1), whole(v1), rotten()],
    expected: at(v1),
    right: 'version',
    sources: [1, 2],
    findings: ['differing', '-', '-', 'rotten'],
    isCertain: false,
  },
  {
    name: 'all rotten beyond their versions, and the log is silent',
    copies: [rotten(null), rotten(null)],
    expected: unknown,
    right: 'undecided',
    sources: [],
    findings: ['rotten', 'rotten'],
    isCertain: false,
  },
  {
    name: 'all as they should be',
    copies: [whole(v1), whole(v1)],
    expected: at(v1),
    right: 'version',
    sources: [0, 1],
    findings: ['-', '-'],
    isCertain: true,
  },
];

describe('osd/scrub: who is right', () => {
  for (const { name, copies, expected, right, sources, findings, isCertain } of cases) {
    it(name, () => {
      const verdict = judge(copies, expected);
      const byCopy = copies.map((_, i) => verdict.findings.find(({ copy }) => copy === i)?.kind ?? '-');
      assert.deepEqual(
        { right: verdict.right.kind, sources: verdict.sources, findings: byCopy, isCertain: verdict.isCertain },
        { right, sources, findings, isCertain },
      );
    });
  }
});
