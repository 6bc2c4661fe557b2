import assert from 'node:assert/strict';
import { monotonicMs } from '../../../base/instants.js';
import { epoch } from '../../../cluster/ids.js';
import {
  defaultFailureSettings,
  hangDetectedMs,
  reportLifeMs,
  stalemateMs,
} from '../../../monitor/failure/settings.js';
import { beaconIntervalMs } from '../../../protocol/heartbeat-times.js';
import { sampleMap } from '../sample-map.js';
import { type Accuses, Scene } from './scene.js';

/** Four hosts of two OSDs, in two racks: osd.0 and 1 on h0, 2 and 3 on h1, 4 and 5 on h2, 6 and 7 on h3. */
const fourHosts = [
  [2, 2],
  [2, 2],
];

function downOf(scene: Scene): number[] {
  return [...scene.downs.keys()].sort((a, b) => a - b);
}

describe('the failure detector: reports', () => {
  const refused: ReportCase['reports'] = [
    { reporter: 0, target: 6, reason: 'refused', silentMs: 0 },
    { reporter: 2, target: 6, reason: 'refused', silentMs: 0 },
  ];
  interface ReportCase {
    readonly name: string;
    readonly racks?: readonly (readonly number[])[];
    readonly level?: string;
    readonly reports: readonly Accuses[];
    readonly down: readonly number[];
  }
  const cases: ReportCase[] = [
    { name: 'refusals seen from two hosts convict at once', reports: refused, down: [6] },
    { name: 'silence beyond the grace, from two hosts, convicts', reports: silentFrom([0, 2], 6), down: [6] },
    { name: 'silence within the grace convicts nobody', reports: silentFrom([0, 2, 4], 6, 3_000), down: [] },
    { name: 'one host is not enough', reports: silentFrom([0, 1], 6), down: [] },
    { name: 'the own host does not count beside another', reports: silentFrom([0, 7], 6), down: [] },
    { name: 'one reporter twice is one', reports: silentFrom([0, 0, 0], 6), down: [] },
    { name: 'nobody reports itself', reports: silentFrom([6, 0], 6), down: [] },
    {
      name: 'a report of an earlier life is ignored',
      reports: [...silentFrom([0], 6), { reporter: 2, target: 6, targetUpFrom: 0 }],
      down: [],
    },
    { name: 'one host is enough when it is the only other', racks: [[2, 2]], reports: silentFrom([0], 2), down: [2] },
    {
      name: 'on a single host two of its OSDs must agree',
      racks: [[4]],
      reports: silentFrom([0], 3),
      down: [],
    },
    { name: 'on a single host two of its OSDs are enough', racks: [[4]], reports: silentFrom([0, 1], 3), down: [3] },
    { name: 'one rack is enough when it is the only other', level: 'rack', reports: silentFrom([4], 0), down: [0] },
    {
      name: 'with OSDs as domains two of one host are enough',
      level: 'osd',
      reports: silentFrom([0, 1], 6),
      down: [6],
    },
    { name: 'reports about unknown OSDs are ignored', reports: silentFrom([0, 2], 99), down: [] },
  ];
  for (const c of cases) {
    it(c.name, () => {
      const scene = new Scene(sampleMap(c.racks ?? fourHosts), { domainLevel: c.level ?? 'host' });
      for (const report of c.reports) scene.report(report);
      assert.deepEqual(downOf(scene), c.down);
    });
  }

  it('with racks as domains, two hosts of one rack are one witness among three racks', () => {
    const scene = new Scene(sampleMap([[1, 1], [1], [1]]), { domainLevel: 'rack' });
    for (const report of silentFrom([0, 1], 3)) scene.report(report);
    assert.deepEqual(downOf(scene), []);
    scene.report({ reporter: 2, target: 3 });
    assert.deepEqual(downOf(scene), [3]);
  });

  it('silence that grows past the grace after its report convicts at the next tick', () => {
    const scene = new Scene(sampleMap(fourHosts));
    for (const report of silentFrom([0, 2], 6, 3_000)) scene.report(report);
    scene.pass(500);
    assert.deepEqual(downOf(scene), [6]);
  });

  it('a withdrawn report does not count', () => {
    const scene = new Scene(sampleMap(fourHosts));
    scene.report({ reporter: 0, target: 6 });
    scene.withdraw(0, 6);
    scene.report({ reporter: 2, target: 6 });
    scene.tick();
    assert.deepEqual(downOf(scene), []);
  });

  it('a report that is not repeated ages out', () => {
    const scene = new Scene(sampleMap(fourHosts), { domainsNeeded: 2 });
    scene.report({ reporter: 0, target: 6 });
    scene.pass(reportLifeMs + 250);
    scene.report({ reporter: 2, target: 6 });
    assert.deepEqual(downOf(scene), []);
    scene.report({ reporter: 0, target: 6 });
    assert.deepEqual(downOf(scene), [6]);
  });

  it('reports end with the life that they were about', () => {
    const scene = new Scene(sampleMap(fourHosts));
    scene.report({ reporter: 0, target: 6 });
    scene.change({ 6: { boot: 2, upFrom: epoch(2) } });
    scene.report({ reporter: 2, target: 6 });
    assert.deepEqual(downOf(scene), []);
  });

  it('a reporter that is down counts no more', () => {
    const scene = new Scene(sampleMap(fourHosts));
    scene.report({ reporter: 0, target: 6 });
    scene.change({ 0: { isUp: false, downAt: epoch(2) } });
    scene.report({ reporter: 2, target: 6 });
    assert.deepEqual(downOf(scene), []);
  });

  it('a reporter whose beacons are overdue counts no more', () => {
    const scene = new Scene(sampleMap(fourHosts));
    scene.mute.add(0);
    scene.pass(4_000);
    for (const report of silentFrom([0, 2], 6)) scene.report(report);
    assert.deepEqual(downOf(scene), []);
  });

  it('a beacon of an earlier boot is no sign of life', () => {
    const scene = new Scene(sampleMap(fourHosts, { 0: { boot: 5 } }));
    scene.mute.add(0);
    for (let second = 0; second < 4; second += 1) {
      scene.pass(1_000);
      scene.beacon(0, 4);
    }
    for (const report of silentFrom([0, 2], 6)) scene.report(report);
    assert.deepEqual(downOf(scene), []);
  });

  it('nodown holds marks back, says so once, and is over when the flag goes', () => {
    const scene = new Scene(sampleMap(fourHosts, {}, ['nodown']));
    for (const reporter of [0, 2]) scene.accuse({ reporter, target: 6 });
    scene.pass(20_000);
    assert.deepEqual(downOf(scene), []);
    assert.equal(scene.facts().filter((fact) => fact.includes('"by":"nodown"')).length, 1);
    scene.flag(new Set());
    scene.pass(250);
    assert.deepEqual(downOf(scene), [6]);
  });

  it('a suspicion is a fact, with how many domains are needed', () => {
    const scene = new Scene(sampleMap(fourHosts));
    scene.report({ reporter: 0, target: 6 });
    scene.pass(500);
    assert.deepEqual(scene.facts(), ['{"kind":"suspected","osd":6,"domains":1,"needed":2}']);
  });
});

describe('the failure detector: marks', () => {
  it('a goodbye marks down at once, even under nodown', () => {
    const scene = new Scene(sampleMap(fourHosts, {}, ['nodown']));
    scene.goodbye(3);
    assert.deepEqual([...scene.downs], [[3, { at: 1_000, why: 'it said goodbye' }]]);
  });

  it('a goodbye of an earlier boot is ignored', () => {
    const scene = new Scene(sampleMap(fourHosts, { 3: { boot: 7 } }));
    scene.goodbye(3, 6);
    assert.deepEqual(downOf(scene), []);
  });

  it('a mark that does not reach the map is asked for again after a second, not sooner', () => {
    const scene = new Scene(sampleMap(fourHosts));
    scene.commits = false;
    scene.goodbye(3);
    for (const reporter of [0, 2]) scene.accuse({ reporter, target: 6 });
    scene.pass(750);
    assert.equal(scene.outputs.filter(({ kind }) => kind === 'mark-down').length, 2);
    scene.pass(250);
    const again = scene.outputs.slice(2).flatMap((output) => (output.kind === 'mark-down' ? output.osds : []));
    assert.deepEqual(
      again.map(({ osd }) => osd),
      [3, 6],
    );
  });

  it('an OSD that is being marked down is no witness: of two that refuse each other one stays', () => {
    const scene = new Scene(sampleMap([[1, 1]]));
    scene.commits = false;
    scene.report({ reporter: 0, target: 1, reason: 'refused', silentMs: 0, peerCount: 1 });
    scene.report({ reporter: 1, target: 0, reason: 'refused', silentMs: 0, peerCount: 1 });
    // Nor when the mark has to be asked for again.
    scene.pass(3_000);
    assert.ok(scene.outputs.filter(({ kind }) => kind === 'mark-down').length > 1);
    assert.deepEqual(downOf(scene), [1]);
  });

  it('an old map changes nothing', () => {
    const scene = new Scene(sampleMap(fourHosts));
    const old = scene.map;
    scene.change({ 6: { upFrom: epoch(2), boot: 2 } });
    scene.map = old;
    scene.step({ kind: 'map', map: old, at: monotonicMs(scene.now) });
    scene.report({ reporter: 0, target: 6, targetUpFrom: 2 });
    scene.report({ reporter: 2, target: 6, targetUpFrom: 2 });
    assert.deepEqual(downOf(scene), [6]);
  });
});

describe('the failure detector: beacons', () => {
  const { beaconGraceMs } = defaultFailureSettings;

  it('an OSD that nobody reports goes down when its own beacons are missing for long', () => {
    const scene = new Scene(sampleMap(fourHosts));
    scene.mute.add(5);
    scene.pass(beaconGraceMs - 1_000);
    assert.deepEqual(downOf(scene), []);
    scene.pass(2_000);
    assert.deepEqual(downOf(scene), [5]);
    assert.equal(scene.downs.get(5)?.why, 'no beacon for 30 s');
  });

  it('when most beacons are missing at once the leader waits four times as long', () => {
    const scene = new Scene(sampleMap(fourHosts));
    for (const osd of [0, 1, 2, 3, 4]) scene.mute.add(osd);
    scene.pass(4 * beaconGraceMs - 1_000);
    assert.deepEqual(downOf(scene), []);
    scene.pass(2_000);
    assert.deepEqual(downOf(scene), [0, 1, 2, 3, 4]);
  });

  it('a new leader, which has no beacons yet, marks nobody down', () => {
    const scene = new Scene(sampleMap(fourHosts));
    scene.tick();
    scene.now += 200;
    scene.tick();
    assert.deepEqual(scene.outputs, []);
  });

  it('a leader that stood still forgets what it took for silence', () => {
    const scene = new Scene(sampleMap(fourHosts));
    scene.pass(5_000);
    scene.report({ reporter: 0, target: 6 });
    scene.now += 10 * beaconGraceMs;
    // Before the tick, reports that waited in the queue: the beacons that waited behind them are not missing.
    for (const reporter of [4, 6]) scene.report({ reporter, target: 3, peerCount: 1 });
    scene.tick();
    scene.report({ reporter: 4, target: 6 });
    scene.pass(beaconIntervalMs);
    assert.deepEqual(downOf(scene), []);
    assert.ok(scene.facts().some((fact) => fact.includes('stalled')));
  });
});

describe('the failure detector: who is cut off', () => {
  it('an OSD that reports most of its peers is not believed about those that beacon', () => {
    const scene = new Scene(sampleMap([[1, 1]]));
    scene.report({ reporter: 0, target: 1, peerCount: 1 });
    assert.deepEqual(downOf(scene), []);
  });

  it('an isolated host goes down itself, and takes nobody along', () => {
    const scene = new Scene(sampleMap(fourHosts));
    const others = [2, 3, 4, 5, 6, 7];
    for (const lonely of [0, 1]) for (const target of others) scene.accuse({ reporter: lonely, target, peerCount: 7 });
    for (const reporter of others) for (const target of [0, 1]) scene.accuse({ reporter, target, peerCount: 7 });
    scene.pass(60_000);
    assert.deepEqual(downOf(scene), [0, 1]);
  });

  it('an isolated OSD that nobody reports gives way alone', () => {
    const scene = new Scene(sampleMap(fourHosts));
    for (const target of [1, 2, 3, 4, 5, 6, 7]) scene.accuse({ reporter: 0, target, peerCount: 7 });
    scene.pass(60_000);
    assert.deepEqual(downOf(scene), [0]);
    assert.ok(scene.facts().some((fact) => fact.includes('isolated-reporter')));
  });

  it('of two racks that are cut from one another one stays whole', () => {
    const scene = new Scene(sampleMap(fourHosts));
    const sides = [
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ] as const;
    for (const [own, other] of [sides, [sides[1], sides[0]] as const]) {
      for (const reporter of own) for (const target of other) scene.accuse({ reporter, target, peerCount: 7 });
    }
    scene.pass(stalemateMs - 250);
    assert.deepEqual(downOf(scene), []);
    scene.pass(500);
    assert.deepEqual(downOf(scene), sides[1]);
  });

  it('two hosts of four that are cut from one another: one OSD of each pair gives way, and the rest is left alone', () => {
    const scene = new Scene(sampleMap([[1, 1, 1, 1]]));
    scene.accuse({ reporter: 0, target: 1, peerCount: 3 });
    scene.accuse({ reporter: 1, target: 0, peerCount: 3 });
    scene.pass(60_000);
    assert.deepEqual(downOf(scene), [1]);
  });

  it('when two racks of three lose power the survivors are believed', () => {
    const scene = new Scene(
      sampleMap([
        [1, 1],
        [1, 1],
        [1, 1],
      ]),
    );
    scene.pass(5_000);
    for (const dead of [2, 3, 4, 5]) scene.mute.add(dead);
    scene.pass(defaultFailureSettings.silenceGraceMs);
    for (const reporter of [0, 1]) {
      for (const target of [2, 3, 4, 5]) scene.accuse({ reporter, target, peerCount: 5, silentMs: 3_500 });
    }
    scene.pass(250);
    assert.deepEqual(downOf(scene), [2, 3, 4, 5]);
  });
});

describe('the failure detector: how long it takes', () => {
  it('a crash in a cluster of two is down with the first refusal', () => {
    const scene = new Scene(sampleMap([[1, 1]]));
    scene.report({ reporter: 0, target: 1, reason: 'refused', silentMs: 0, peerCount: 1 });
    assert.equal(scene.downs.get(1)?.at, scene.now);
  });

  it('all but one of four crash at once: the survivor convicts them within four seconds', () => {
    const scene = new Scene(sampleMap([[1, 1, 1, 1]]));
    scene.pass(5_000);
    const start = scene.now;
    for (const dead of [1, 2, 3]) {
      scene.mute.add(dead);
      scene.accuse({ reporter: 0, target: dead, reason: 'refused', silentMs: 0, peerCount: 3 });
    }
    scene.pass(10_000);
    assert.deepEqual(downOf(scene), [1, 2, 3]);
    for (const { at } of scene.downs.values()) assert.ok(at - start <= 4_000, `${at - start} ms`);
  });

  it('a hang is in the map within 5 s with the default settings', () => {
    assert.ok(hangDetectedMs(defaultFailureSettings) < 5_000);
  });
});

describe('the failure detector: flapping', () => {
  it('the third death in ten minutes is a fact, and ten minutes later it is forgotten', () => {
    const scene = new Scene(sampleMap(fourHosts));
    for (let life = 2; life <= 4; life += 1) {
      scene.change({ 6: { boot: life, upFrom: epoch(scene.map.epoch + 1) } });
      assert.equal(scene.facts().length, life === 4 ? 1 : 0);
    }
    assert.deepEqual([...scene.detector.flapping()], [[6, 3]]);
    scene.pass(600_000);
    assert.equal(scene.detector.flapping().size, 0);
  });

  it('restarts with a goodbye do not count', () => {
    const scene = new Scene(sampleMap(fourHosts));
    for (let life = 2; life <= 6; life += 1) {
      scene.goodbye(6, life - 1);
      scene.change({ 6: { isUp: true, boot: life, upFrom: epoch(scene.map.epoch + 1) } });
    }
    assert.equal(scene.downs.size, 1);
    assert.deepEqual(scene.facts(), []);
  });
});

function silentFrom(reporters: readonly number[], target: number, silentMs = 4_000): Accuses[] {
  return reporters.map((reporter) => ({ reporter, target, silentMs }));
}
