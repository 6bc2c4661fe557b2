/** What was read and written anew shows where nothing changed meanwhile, and only there. */
import assert from 'node:assert/strict';
import { showRun } from '../../../../osd/store/apply/apply-merge.js';
import type { MergedPart, MergedRun } from '../../../../osd/store/format/chunk-merge.js';
import { joinExtents, replaceRange, type Extent, type ExtentSource } from '../../../../osd/store/format/extents.js';
import { Prng } from '../../../../runtime/sim/prng.js';

const refOf = (segment: number, batch = 1) => ({ segment, offset: 4_096, bytes: 10_000, blockShift: 12, batch });
const merged = refOf(300, 9);

function sourceOf(name: string): ExtentSource {
  const number = name.charCodeAt(0);
  return name < 'n' ? { kind: 'own', payload: refOf(number) } : { kind: 'shared', id: number };
}

/** `a 0-10+3`: bytes 0 to 10 of the chunk show payload `a` from its byte 3 on; from `n` on, payloads are shared. */
function parse(text: string): Extent[] {
  return text.split(', ').flatMap((part) => {
    const match = /^([a-z]) (\d+)-(\d+)\+(\d+)$/.exec(part);
    if (match === null) return [];
    const at = Number(match[2]);
    return [{ at, bytes: Number(match[3]) - at, skip: Number(match[4]), source: sourceOf(match[1] ?? '') }];
  });
}

function show(extents: readonly Extent[]): string {
  const nameOf = (source: ExtentSource): string => {
    if (source.kind === 'shared') return String.fromCharCode(source.id);
    return source.payload.segment === merged.segment ? 'M' : String.fromCharCode(source.payload.segment);
  };
  return extents.map(({ at, bytes, skip, source }) => `${nameOf(source)} ${at}-${at + bytes}+${skip}`).join(', ');
}

function runOf(extents: readonly Extent[]): MergedRun {
  const parts = extents.map(({ at, bytes, skip, source }): MergedPart => {
    if (source.kind === 'own') return { at, bytes, skip, payload: source.payload, sharedId: undefined };
    return { at, bytes, skip, payload: refOf(1), sharedId: source.id };
  });
  const at = parts[0]?.at ?? 0;
  const last = parts.at(-1);
  return { at, bytes: (last?.at ?? 0) + (last?.bytes ?? 0) - at, parts };
}

const cases = [
  { name: 'nothing changed', now: 'a 2-4+0, b 4-6+7, n 8-9+0', after: 'M 2-9+0' },
  { name: 'more was appended', now: 'a 2-4+0, b 4-6+7, n 8-9+0, c 9-12+0', after: 'M 2-9+0, c 9-12+0' },
  { name: 'one was overwritten', now: 'a 2-4+0, c 4-6+0, n 8-9+0', after: 'M 2-4+0, c 4-6+0, M 6-9+4' },
  { name: 'a part of one was', now: 'a 2-4+0, c 4-5+0, b 5-6+8, n 8-9+0', after: 'M 2-4+0, c 4-5+0, M 5-9+3' },
  { name: 'the hole was filled', now: 'a 2-4+0, b 4-6+7, c 6-8+0, n 8-9+0', after: 'M 2-6+0, c 6-8+0, M 8-9+6' },
  { name: 'one was punched', now: 'b 4-6+7, n 8-9+0', after: 'M 4-9+2' },
  { name: 'one was moved', now: 'z 2-4+0, b 4-6+7, n 8-9+0', after: 'z 2-4+0, M 4-9+2' },
  { name: 'another byte of the payload is shown', now: 'a 2-4+1, b 4-6+7, n 8-9+0', after: 'a 2-4+1, M 4-9+2' },
  { name: 'the object ends earlier', end: 5, now: 'a 2-4+0, b 4-5+7', after: 'M 2-5+0' },
  { name: 'it ends before the run', end: 1, now: 'c 0-1+0', after: undefined },
  { name: 'it ends before the chunk', end: -500, now: '', after: undefined },
  { name: 'nothing is left of it', now: 'c 0-12+0', after: undefined },
  { name: 'there are holes only', now: '', after: undefined },
];

describe('osd/store/apply: merged extents', () => {
  const run = runOf(parse('a 2-4+0, b 4-6+7, n 8-9+0'));
  for (const { name, now, after, end = 100 } of cases) {
    it(`when ${name}`, () => {
      const change = showRun(parse(now), end, run, merged);
      assert.equal(change === undefined ? undefined : show(change.extents), after);
    });
  }

  it('a payload at the same place in a later life of its segment is another', () => {
    const reborn = parse('a 2-4+0').map(({ at, bytes, skip }): Extent => {
      return { at, bytes, skip, source: { kind: 'own', payload: refOf(97, 2) } };
    });
    assert.equal(showRun(reborn, 100, run, merged), undefined);
  });

  it('shows every byte as before, whatever was changed meanwhile, and counts what it let go of', () => {
    const prng = new Prng('merge');
    const size = 60;
    for (let i = 0; i < 3_000; i++) {
      let extents: readonly Extent[] = [];
      const change = (): void => {
        const at = prng.below(size);
        const end = Math.min(size, at + 1 + prng.below(8));
        const added = { at, bytes: end - at, skip: prng.below(3), source: sourceOf(prng.pick(['a', 'b', 'n', 'o'])) };
        extents = replaceRange(extents, at, end, prng.chance(0.2) ? [] : [added]).extents;
      };
      for (let n = prng.below(12); n > 0; n--) change();
      const read = [...extents];
      if (read.length === 0) continue;
      const tried = runOf(read);
      for (let n = prng.below(6); n > 0; n--) change();
      const before = bytesOf(extents, size);
      const shown = showRun(extents, size, tried, merged);
      if (shown === undefined) continue;
      // What the new payload holds is what was read.
      const copied = bytesOf(read, size);
      const after = bytesOf(shown.extents, size).map((byte) => {
        return byte?.startsWith('M') === true ? copied[tried.at + Number(byte.slice(1))] : byte;
      });
      assert.deepEqual(after, before);
      const sum = (list: readonly Extent[]): number => list.reduce((bytes, one) => bytes + one.bytes, 0);
      const own = shown.extents.filter(
        ({ source }) => source.kind === 'own' && source.payload.segment === merged.segment,
      );
      assert.equal(sum(own), shown.shown.bytes);
      const others = shown.extents.filter((one) => !own.includes(one));
      assert.equal(sum(others) + sum(shown.dropped), sum(extents));
    }
  });

  it('neighbours of one payload become one extent', () => {
    const cases: [string, string][] = [
      ['a 0-3+0, a 3-5+3', 'a 0-5+0'],
      ['a 0-3+0, a 3-5+4', 'a 0-3+0, a 3-5+4'],
      ['a 0-3+0, a 4-5+4', 'a 0-3+0, a 4-5+4'],
      ['a 0-3+0, b 3-5+3, n 5-6+1, n 6-9+2', 'a 0-3+0, b 3-5+3, n 5-9+1'],
    ];
    for (const [from, to] of cases) assert.equal(show(joinExtents(parse(from))), to);
  });
});

/** What each byte shows: payload and offset; `undefined` in a hole. */
function bytesOf(extents: readonly Extent[], size: number): (string | undefined)[] {
  const bytes = Array<string | undefined>(size).fill(undefined);
  for (const { at, bytes: count, skip, source } of extents) {
    const isMerged = source.kind === 'own' && source.payload.segment === merged.segment;
    const name = isMerged ? 'M' : source.kind === 'own' ? `own ${source.payload.segment}+` : `shared ${source.id}+`;
    for (let i = 0; i < count; i++) bytes[at + i] = `${name}${skip + i}`;
  }
  return bytes;
}
