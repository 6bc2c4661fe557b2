/** Bugs that scrubs and healing could have, each planted by replacing code of `dist/`; the seed finds it (`sim-scrub.ts`). */
import type { PlantedBug } from '../../sim/planted-bugs.js';

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'healed-from-the-bad-copy',
    seed: 1,
    changes: [
      {
        file: 'osd/scrub/mender.js',
        from: `for (const source of sources) {`,
        to: `for (const source of [copy]) {`,
      },
    ],
  },
  {
    name: 'rotten-copies-vote',
    seed: 1,
    changes: [
      {
        file: 'osd/scrub/object-digest.js',
        from: `const copy = { kind: 'rotten', version: digest.version ?? null, problem: error.message };`,
        to: `const copy = { kind: 'whole', version: digest.version, bytes: 0, sum: '0' };`,
      },
    ],
  },
  {
    name: 'older-versions-are-right',
    seed: 3,
    changes: [
      {
        file: 'osd/scrub/newest-entry.js',
        from: `return newest === undefined ? { kind: 'unknown' } : expectedOf(newest);`,
        to: `return { kind: 'unknown' };`,
      },
      {
        file: 'osd/scrub/judge.js',
        from: `const [newest] = versions.sort((a, b) => compareVersions(b, a));`,
        to: `const [newest] = versions.sort((a, b) => compareVersions(a, b));`,
      },
    ],
  },
  {
    name: 'examined-without-the-turn',
    seed: 2,
    changes: [
      {
        file: 'osd/scrub/scrub-run.js',
        from: `await queue.enter(object.key);`,
        to: `queue.enter = async () => {}; queue.tryEnter = () => true; queue.leave = () => {};`,
      },
    ],
  },
  {
    name: 'a-read-does-not-mend',
    seed: 1,
    changes: [{ file: 'osd/scrub/mended-read.js', from: `await mender.mendOwn(object, error.message, part);`, to: `` }],
  },
];
