import assert from 'node:assert/strict';
import { monotonicMs } from '../../../base/instants.js';
import { Suspicion } from '../../../osd/daemon/suspicion.js';

type Event = 'heard' | 'refused' | 'later' | 'tick' | 'forgive';

const graceMs = 3_500;

/** Events at instants, and what is said at them; the life is in the map from 0 on. */
const cases: { readonly name: string; readonly events: readonly [number, Event, string?][] }[] = [
  {
    name: 'nothing is said while it answers',
    events: [
      [500, 'heard'],
      [3_900, 'tick'],
      [3_950, 'heard'],
      [7_000, 'tick'],
    ],
  },
  {
    name: 'silence is said at the grace, and every second while it lasts',
    events: [
      [1_000, 'heard'],
      [4_499, 'tick'],
      [4_500, 'tick', 'silent 3500'],
      [5_400, 'tick'],
      [5_500, 'tick', 'silent 4500'],
    ],
  },
  {
    name: 'one that was never heard is silent too',
    events: [
      [3_499, 'tick'],
      [3_500, 'tick', 'silent 3500'],
    ],
  },
  {
    name: 'a refusal is said at once, every second, and not followed by silence',
    events: [
      [100, 'refused', 'refused 0'],
      [600, 'refused'],
      [1_100, 'refused', 'refused 0'],
      [2_500, 'refused', 'refused 0'],
      [4_000, 'tick'],
    ],
  },
  {
    name: 'silence is said after a refusal once nobody refuses any more',
    events: [
      [100, 'refused', 'refused 0'],
      [3_600, 'tick', 'silent 3600'],
    ],
  },
  {
    name: 'whoever was reported and answers is said to be heard, once',
    events: [
      [3_500, 'tick', 'silent 3500'],
      [3_700, 'heard', 'heard 0'],
      [3_800, 'heard'],
      [7_300, 'tick', 'silent 3500'],
    ],
  },
  {
    name: 'a later life is as good as a refusal when the map does not show it',
    events: [
      [100, 'later'],
      [1_900, 'later'],
      [2_100, 'later', 'refused 0'],
    ],
  },
  {
    name: 'what was not heard while this process stood still proves nothing',
    events: [
      [500, 'heard'],
      [9_000, 'forgive'],
      [9_000, 'tick'],
      [12_499, 'tick'],
      [12_500, 'tick', 'silent 3500'],
    ],
  },
];

describe('osd daemon: suspicion', () => {
  for (const { name, events } of cases) {
    it(name, () => {
      const suspicion = new Suspicion(monotonicMs(0));
      for (const [at, event, expected] of events) {
        const now = monotonicMs(at);
        const said = step(suspicion, event, now);
        assert.equal(said === undefined ? undefined : `${said.kind} ${said.silentMs}`, expected, `${event} at ${at}`);
      }
    });
  }
});

function step(suspicion: Suspicion, event: Event, now: ReturnType<typeof monotonicMs>) {
  switch (event) {
    case 'heard':
      return suspicion.heard(now);
    case 'refused':
      return suspicion.refused(now);
    case 'later':
      return suspicion.laterLife(now);
    case 'tick':
      return suspicion.tick(now, graceMs);
    case 'forgive':
      suspicion.forgive(now);
      return undefined;
  }
}
