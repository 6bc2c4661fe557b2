/** Random histories against a plain reading of the rules: nobody goes down without cause, and nobody is forgotten. */
import assert from 'node:assert/strict';
import { epoch, osdId } from '../../../cluster/ids.js';
import {
  beaconOverdueMs,
  defaultFailureSettings,
  reportLifeMs,
  stalemateMs,
} from '../../../monitor/failure/settings.js';
import type { FailureOutput } from '../../../monitor/failure/types.js';
import { Prng } from '../../../runtime/sim/prng.js';
import { forEachSeed } from '../../sim/seeds.js';
import { sampleMap } from '../sample-map.js';
import { Scene } from './scene.js';

const hosts = [
  [2, 2],
  [2, 2],
];
const osdCount = 8;
const hostOf = (osd: number): number => Math.floor(osd / 2);

/** What a marked-down OSD's reporters had said, kept apart from the detector's own books. */
class Chronicle {
  readonly reports = new Map<string, { readonly at: number; readonly since: number; readonly pastGraceAt: number }>();
  readonly heard = new Map<number, number>();
  readonly goodbyes = new Set<number>();

  forget(osd: number): void {
    this.goodbyes.delete(osd);
    for (const key of this.reports.keys()) if (key.endsWith(`>${osd}`)) this.reports.delete(key);
  }

  /** The reasons there are to mark `target` down at `now`, as sparse as the rules: no isolation, no liveness. */
  causes(target: number, now: number, isUp: (osd: number) => boolean): string[] {
    const causes: string[] = [];
    const standing = [...this.reports].filter(
      ([key, { at }]) => key.endsWith(`>${target}`) && now - at <= reportLifeMs,
    );
    const counted = standing.filter(([, { pastGraceAt }]) => pastGraceAt <= now);
    const witnesses = new Set(counted.map(([key]) => hostOf(Number(key.split('>')[0]))));
    witnesses.delete(hostOf(target));
    const others = this.#hostsThatBeacon(target, now, isUp);
    if (this.goodbyes.has(target)) causes.push('goodbye');
    if (witnesses.size >= 2) causes.push('two hosts');
    if (witnesses.size === 1 && others <= 1) causes.push('the only host');
    // Hosts have two OSDs: the neighbour is all there is.
    if (counted.length > 0 && others === 0) causes.push('nobody but its neighbour');
    if (now - (this.heard.get(target) ?? 0) >= defaultFailureSettings.beaconGraceMs) causes.push('no beacons');
    const involved = [...this.reports].filter(([key]) => key.split('>').includes(String(target)));
    if (involved.some(([, { at, since }]) => at - since >= stalemateMs)) causes.push('stalemate');
    return causes;
  }

  #hostsThatBeacon(target: number, now: number, isUp: (osd: number) => boolean): number {
    const hosts = new Set<number>();
    for (const [osd, at] of this.heard) if (isUp(osd) && now - at <= beaconOverdueMs) hosts.add(hostOf(osd));
    hosts.delete(hostOf(target));
    return hosts.size;
  }
}

describe('the failure detector, whatever happens', () => {
  it('marks nobody down without cause, nor twice for one life, nor out before its time', async () => {
    let marks = 0;
    await forEachSeed({ count: 60, boxMs: 3_000 }, async (seed) => {
      marks += randomHistory(seed);
    });
    assert.ok(marks > 0, 'the histories are eventful');
  });
});

function randomHistory(seed: number): number {
  const random = new Prng(`failure ${seed}`);
  const below = (bound: number): number => random.below(bound);
  const scene = new Scene(sampleMap(hosts));
  const chronicle = new Chronicle();
  for (let osd = 0; osd < osdCount; osd += 1) chronicle.heard.set(osd, scene.now);
  let marks = 0;
  for (let turn = 0; turn < 600; turn += 1) {
    const seen = scene.outputs.length;
    const before = scene.map;
    act(scene, chronicle, below);
    for (const output of scene.outputs.slice(seen)) marks += check(output, scene, chronicle, before);
    for (const { id, isUp } of scene.map.osds.values()) {
      if (isUp || below(40) > 0) continue;
      chronicle.forget(id);
      chronicle.heard.set(id, scene.now);
      const next = epoch(scene.map.epoch + 1);
      scene.change({ [id]: { isUp: true, isIn: true, upFrom: next, boot: before.epoch + 1 } });
    }
  }
  return marks;
}

function act(scene: Scene, chronicle: Chronicle, below: (n: number) => number): void {
  const [reporter, target] = [below(osdCount), below(osdCount)];
  const choice = below(100);
  if (choice < 25) {
    scene.now += 250;
    for (const { id, isUp } of scene.map.osds.values()) {
      if (!isUp || scene.mute.has(id)) continue;
      chronicle.heard.set(id, scene.now);
      scene.beacon(id);
    }
    scene.tick();
  } else if (choice < 70) {
    const reason = below(4) === 0 ? 'refused' : 'silent';
    const silentMs = below(8_000);
    note(scene, chronicle, { reporter, target, graceMs: reason === 'refused' ? 0 : 3_500 - silentMs });
    scene.report({ reporter, target, reason, silentMs, peerCount: osdCount - 1 });
  } else if (choice < 95) {
    scene.withdraw(reporter, target);
    chronicle.reports.delete(`${reporter}>${target}`);
  } else if (choice < 97) {
    if (!scene.mute.delete(target)) scene.mute.add(target);
  } else if (choice < 98) {
    chronicle.goodbyes.add(target);
    scene.goodbye(target, scene.map.osds.get(osdId(target))?.boot);
  }
}

function note(
  scene: Scene,
  chronicle: Chronicle,
  { reporter, target, graceMs }: { readonly reporter: number; readonly target: number; readonly graceMs: number },
): void {
  const key = `${reporter}>${target}`;
  if (reporter === target) return;
  const old = chronicle.reports.get(key);
  chronicle.reports.set(key, { at: scene.now, since: old?.since ?? scene.now, pastGraceAt: scene.now + graceMs });
}

/** Returns how many were marked down. */
function check(output: FailureOutput, scene: Scene, chronicle: Chronicle, before: Scene['map']): number {
  if (output.kind === 'fact') return 0;
  // Whoever is marked down with the same output is no witness against those after it.
  const marked = new Set<number>();
  const isUp = (osd: number): boolean => before.osds.get(osdId(osd))?.isUp === true && !marked.has(osd);
  for (const mark of output.osds) {
    const osd = before.osds.get(mark.osd);
    if (output.kind === 'mark-out') {
      assert.ok(osd !== undefined && !osd.isUp && scene.wall - osd.downSince >= defaultFailureSettings.downOutMs);
      continue;
    }
    assert.equal(osd?.isUp, true, `osd.${mark.osd} was up`);
    assert.notDeepEqual(
      chronicle.causes(mark.osd, scene.now, isUp),
      [],
      `osd.${mark.osd}: ${mark.why} at ${scene.now}`,
    );
    marked.add(mark.osd);
  }
  return output.kind === 'mark-down' ? output.osds.length : 0;
}
