import assert from 'node:assert/strict';
import { wallMs } from '../../../base/instants.js';
import { epoch } from '../../../cluster/ids.js';
import type { OsdInfo } from '../../../cluster/osd.js';
import { defaultFailureSettings, outSettleMs } from '../../../monitor/failure/settings.js';
import { sampleMap } from '../sample-map.js';
import { Scene, wallStart } from './scene.js';

const { downOutMs } = defaultFailureSettings;
const hosts = [
  [1, 1, 1],
  [1, 1, 1],
  [1, 1, 1],
];
/** Down `agoMs` before the scene begins. */
const downFor = (agoMs: number): Partial<OsdInfo> => ({
  isUp: false,
  downAt: epoch(1),
  downSince: wallMs(wallStart - agoMs),
});

function outsAfter(scene: Scene, ms: number): number[] {
  scene.pass(ms);
  return [...scene.outs.keys()].sort((a, b) => a - b);
}

describe('the failure detector: out', () => {
  it('an OSD goes out when it was down for the interval', () => {
    const scene = new Scene(sampleMap(hosts, { 4: downFor(0) }));
    assert.deepEqual(outsAfter(scene, downOutMs - 1_000), []);
    assert.deepEqual(outsAfter(scene, 1_000), [4]);
  });

  it('the time under earlier leaders counts', () => {
    const scene = new Scene(sampleMap(hosts, { 4: downFor(200_000) }));
    assert.deepEqual(outsAfter(scene, 399_750), []);
    assert.deepEqual(outsAfter(scene, 250), [4]);
  });

  it('a new leader waits for those that boot after a power cut, however long they were down', () => {
    const scene = new Scene(sampleMap(hosts, { 4: downFor(86_400_000), 5: downFor(86_400_000) }));
    assert.deepEqual(outsAfter(scene, outSettleMs - 1_000), []);
    scene.change({ 5: { isUp: true, upFrom: epoch(scene.map.epoch + 1) } });
    assert.deepEqual(outsAfter(scene, 2_000), [4]);
  });

  it('a wall clock that jumps ahead does not shorten it below the time a leader watches', () => {
    const scene = new Scene(sampleMap(hosts, { 4: downFor(0) }));
    scene.wallOffset += 86_400_000;
    assert.deepEqual(outsAfter(scene, outSettleMs - 1_000), []);
  });

  it('a wall clock that jumps back does not keep it in for ever', () => {
    const scene = new Scene(sampleMap(hosts, { 4: downFor(0) }));
    scene.wallOffset -= 86_400_000;
    assert.deepEqual(outsAfter(scene, downOutMs), [4]);
  });

  it('an OSD that comes back in between starts anew', () => {
    const scene = new Scene(sampleMap(hosts, { 4: downFor(0) }));
    assert.deepEqual(outsAfter(scene, 500_000), []);
    scene.change({ 4: { isUp: true, upFrom: epoch(scene.map.epoch + 1) } });
    scene.change({ 4: { isUp: false, downAt: epoch(scene.map.epoch + 1), downSince: wallMs(scene.wall) } });
    assert.deepEqual(outsAfter(scene, downOutMs - 1_000), []);
    assert.deepEqual(outsAfter(scene, 1_000), [4]);
  });

  it('a mark that the map does not take is asked for again', () => {
    const scene = new Scene(sampleMap(hosts, { 4: downFor(downOutMs) }));
    scene.commits = false;
    scene.pass(outSettleMs + 2_500);
    assert.equal(scene.outputs.filter(({ kind }) => kind === 'mark-out').length, 3);
  });

  const stays = [
    { name: 'noout keeps it in', map: sampleMap(hosts, { 4: downFor(0) }, ['noout']), by: 'noout' },
    {
      name: 'a rack that is down as a whole stays in',
      map: sampleMap([[1, 1, 1, 1], [1, 1, 1, 1], [1]], { 8: downFor(0) }),
      by: 'subtree-limit',
    },
    { name: 'one of three is too many', map: sampleMap([[1, 1, 1]], { 1: downFor(0) }), by: 'min-in-ratio' },
  ];
  for (const c of stays) {
    it(`${c.name}, and says so once`, () => {
      const scene = new Scene(c.map);
      assert.deepEqual(outsAfter(scene, downOutMs + 60_000), []);
      const facts = scene.facts().filter((fact) => fact.includes('"mark":"out"'));
      assert.equal(facts.length, 1);
      assert.ok(facts[0]?.includes(`"by":"${c.by}"`));
    });
  }

  it('a host that is down as a whole does go out below the limit', () => {
    const scene = new Scene(
      sampleMap(
        [
          [2, 2, 2],
          [2, 2],
        ],
        { 0: downFor(0), 1: downFor(0) },
      ),
    );
    assert.deepEqual(outsAfter(scene, downOutMs), [0, 1]);
  });

  it('the limit is the type that was configured', () => {
    const map = sampleMap(
      [
        [2, 2, 2],
        [2, 2],
      ],
      { 0: downFor(0), 1: downFor(0) },
    );
    assert.deepEqual(outsAfter(new Scene(map, { downOutSubtreeLimit: 'host' }), downOutMs), []);
  });

  it('goes no further than the ratio, the longest down first', () => {
    const changes = { 0: downFor(1_000_000), 3: downFor(3_000_000), 6: downFor(2_000_000) };
    const scene = new Scene(sampleMap(hosts, changes));
    assert.deepEqual(outsAfter(scene, downOutMs + 60_000), [3, 6]);
  });

  it('0 is never', () => {
    const scene = new Scene(sampleMap(hosts, { 4: downFor(86_400_000) }), { downOutMs: 0 });
    assert.deepEqual(outsAfter(scene, 2 * downOutMs), []);
  });

  it('an OSD that never came up, or is out already, is left alone', () => {
    const never = { isUp: false, downAt: epoch(0) };
    const scene = new Scene(sampleMap(hosts, { 4: never, 5: { ...downFor(0), isIn: false } }));
    assert.deepEqual(outsAfter(scene, 2 * downOutMs), []);
  });
});
