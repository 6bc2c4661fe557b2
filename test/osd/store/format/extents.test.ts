import assert from 'node:assert/strict';
import { extentsBetween, replaceRange, type Extent } from '../../../../osd/store/format/extents.js';
import { chunkBytes } from '../../../../osd/store/limits.js';
import { Prng } from '../../../../runtime/sim/prng.js';

/** `a 0-10+3`: bytes 0 to 10 of the chunk show payload `a` from its byte 3 on. */
function parse(text: string): Extent[] {
  return text.split(', ').flatMap((part) => {
    const match = /^([a-z]) (\d+)-(\d+)\+(\d+)$/.exec(part);
    if (match === null) return [];
    const [at, end, skip] = [Number(match[2]), Number(match[3]), Number(match[4])];
    const id = (match[1] ?? '').charCodeAt(0);
    return [{ at, bytes: end - at, skip, source: { kind: 'shared', id } }];
  });
}

function show(extents: readonly Extent[]): string {
  const one = ({ at, bytes, skip, source }: Extent): string => {
    return `${String.fromCharCode(source.kind === 'shared' ? source.id : 0)} ${at}-${at + bytes}+${skip}`;
  };
  return extents.map(one).join(', ');
}

const cases = [
  { name: 'nothing there', old: '', from: 0, to: 9, added: 'n 0-9+0', now: 'n 0-9+0', dropped: '' },
  { name: 'the same range', old: 'a 0-9+0', from: 0, to: 9, added: 'n 0-9+0', now: 'n 0-9+0', dropped: 'a 0-9+0' },
  {
    name: 'the middle',
    old: 'a 0-9+5',
    from: 3,
    to: 6,
    added: 'n 3-6+0',
    now: 'a 0-3+5, n 3-6+0, a 6-9+11',
    dropped: 'a 3-6+8',
  },
  {
    name: 'the left end',
    old: 'a 2-9+0',
    from: 0,
    to: 4,
    added: 'n 0-4+0',
    now: 'n 0-4+0, a 4-9+2',
    dropped: 'a 2-4+0',
  },
  {
    name: 'the right end',
    old: 'a 0-6+0',
    from: 4,
    to: 9,
    added: 'n 4-9+0',
    now: 'a 0-4+0, n 4-9+0',
    dropped: 'a 4-6+4',
  },
  {
    name: 'what only touches it',
    old: 'a 0-3+0, b 6-9+0',
    from: 3,
    to: 6,
    added: 'n 3-6+0',
    now: 'a 0-3+0, n 3-6+0, b 6-9+0',
    dropped: '',
  },
  {
    name: 'several, partly',
    old: 'a 0-4+0, b 4-6+1, c 7-9+2',
    from: 2,
    to: 8,
    added: '',
    now: 'a 0-2+0, c 8-9+3',
    dropped: 'a 2-4+2, b 4-6+1, c 7-8+2',
  },
  {
    name: 'nothing: an empty range',
    old: 'a 0-9+0',
    from: 4,
    to: 4,
    added: '',
    now: 'a 0-4+0, a 4-9+4',
    dropped: 'a 4-4+4',
  },
  {
    name: 'with a gap in what is put there',
    old: 'a 0-9+0',
    from: 0,
    to: 9,
    added: 'n 1-2+0, m 5-6+0',
    now: 'n 1-2+0, m 5-6+0',
    dropped: 'a 0-9+0',
  },
];

describe('osd/store: extents', () => {
  for (const { name, old, from, to, added, now, dropped } of cases) {
    it(`replaces ${name}`, () => {
      const change = replaceRange(parse(old), from, to, parse(added));
      assert.deepEqual([show(change.extents), show(change.dropped)], [now, dropped]);
    });
  }

  it('refuses ranges that lie outside of the chunk', () => {
    for (const [from, to] of [
      [-1, 2],
      [3, 2],
      [0, chunkBytes + 1],
    ] as const) {
      assert.throws(() => replaceRange([], from, to), /a range lies in its chunk/);
    }
  });

  it('show what was written last, byte for byte, and account for every byte that was let go', () => {
    const prng = new Prng('extents');
    const size = 60;
    for (let run = 0; run < 200; run++) {
      let extents: readonly Extent[] = [];
      const model = Array.from({ length: size }, () => '.');
      let live = 0;
      for (let write = 0; write < 12; write++) {
        const from = prng.below(size - 1);
        const to = from + 1 + prng.below(size - from);
        const id = String.fromCharCode(97 + write);
        const isHole = prng.chance(0.2);
        const change = replaceRange(extents, from, to, isHole ? [] : parse(`${id} ${from}-${to}+${from}`));
        extents = change.extents;
        // A payload's byte is at its own place, so `skip` is right where it equals `at`.
        for (const { at, skip } of [...extents, ...change.dropped]) assert.equal(skip, at);
        live += (isHole ? 0 : to - from) - change.dropped.reduce((sum, { bytes }) => sum + bytes, 0);
        model.fill(isHole ? '.' : id, from, to);
        const shown = model.map((_, at) => show(extentsBetween(extents, at, at + 1)).charAt(0) || '.');
        assert.equal(shown.join(''), model.join(''));
        assert.equal(live, model.filter((byte) => byte !== '.').length);
      }
    }
  });
});
