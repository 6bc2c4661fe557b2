/**
 * Who is down and who is out, as the leader sees it (DESIGN.md section 4, "Failure detection"; README.md has the rules).
 * A pure state machine: a new leader makes a new one. It remembers nothing of its predecessor's, so everybody counts as
 * just heard: beacons and reports that matter come again within a second or two.
 *
 * A wrong mark costs a term and a moment, never data: PG records keep members that were marked down by mistake as
 * eligible (PG-PROTOCOL.md section 1).
 */
import type { MonotonicMs, WallMs } from '../../base/instants.js';
import { unreachable } from '../../base/invariant.js';
import type { Epoch, OsdId } from '../../cluster/ids.js';
import type { OsdInfo } from '../../cluster/osd.js';
import { Topology } from '../../cluster/topology.js';
import { dueOut } from './down-out.js';
import { Flapping, flappingDowns } from './flapping.js';
import { Reports, type StandingReport } from './reports.js';
import * as limits from './settings.js';
import { type Accusation, settle } from './stalemate.js';
import type { FailureFact, FailureInput, FailureMap, FailureOutput, FailureReport, MarkDown } from './types.js';
import { convicts, type Verdict, Witnesses } from './witnesses.js';

/** An OSD that is up, from `upFrom` on. */
interface Life {
  readonly upFrom: Epoch;
  heardAt: MonotonicMs;
}

interface Asked extends MarkDown {
  readonly at: MonotonicMs;
  /** It said so itself: nothing that is heard later takes it back. */
  readonly isGoodbye: boolean;
}

export interface FailureDetectorOptions {
  readonly settings: limits.FailureSettings;
  readonly map: FailureMap;
  /** When this monitor became the leader, on its own clock. */
  readonly now: MonotonicMs;
}

export class FailureDetector {
  #settings: limits.FailureSettings;
  #map: FailureMap;
  #topology: Topology;
  readonly #domains = new Map<OsdId, string>();
  #now: MonotonicMs;
  #tickedAt: MonotonicMs;
  #witnesses: Witnesses;
  readonly #lives = new Map<OsdId, Life>();
  /** Since when this leader sees it down. */
  readonly #downs = new Map<OsdId, { readonly downAt: Epoch; readonly seenAt: MonotonicMs }>();
  readonly #reports = new Reports();
  readonly #asked = new Map<OsdId, Asked>();
  readonly #askedOut = new Map<OsdId, { readonly downAt: Epoch; readonly at: MonotonicMs }>();
  readonly #flapping = new Flapping();
  /** Facts that held at the last tick. */
  #said: ReadonlySet<string> = new Set();

  constructor({ settings, map, now }: FailureDetectorOptions) {
    this.#settings = limits.checkFailureSettings(settings);
    this.#map = map;
    this.#topology = new Topology(map.crush);
    this.#now = now;
    this.#tickedAt = now;
    this.#followLives();
    this.#witnesses = this.#liveWitnesses();
  }

  step(input: FailureInput): FailureOutput[] {
    switch (input.kind) {
      case 'map':
        return this.#onMap(input.map, input.at);
      case 'beacon':
        return this.#onBeacon(input.osd, input.boot, input.at);
      case 'report':
        return this.#onReport(input.report);
      case 'withdrawal':
        this.#reports.withdraw(input.reporter, input.target);
        return [];
      case 'goodbye':
        return this.#onGoodbye(input.osd, input.boot, input.at);
      case 'tick':
        return this.#onTick(input.now, input.wall);
      case 'settings':
        this.#settings = limits.checkFailureSettings(input.settings);
        this.#domains.clear();
        this.#witnesses = this.#liveWitnesses();
        return [];
      default:
        return unreachable(input);
    }
  }

  /** OSDs that went down `flappingDowns` times or more in the last ten minutes under this leader, for health. */
  flapping(): ReadonlyMap<OsdId, number> {
    return this.#flapping.current(this.#now);
  }

  #onMap(map: FailureMap, at: MonotonicMs): FailureOutput[] {
    if (map.epoch <= this.#map.epoch) return [];
    this.#advance(at);
    if (map.crush !== this.#map.crush) this.#topology = new Topology(map.crush);
    this.#map = map;
    // Host names and places may have changed with any OSD.
    this.#domains.clear();
    const outputs = this.#noteFlapping();
    this.#followLives();
    this.#witnesses = this.#liveWitnesses();
    return outputs;
  }

  #onBeacon(osd: OsdId, boot: number, at: MonotonicMs): FailureOutput[] {
    this.#advance(at);
    const life = this.#lives.get(osd);
    if (life !== undefined && this.#map.osds.get(osd)?.boot === boot) life.heardAt = this.#now;
    return [];
  }

  #onReport(report: FailureReport): FailureOutput[] {
    this.#advance(report.at);
    if (!this.#isCurrent(report) || !this.#reports.add(report)) return [];
    return markDown(this.#judge([report.target]));
  }

  #onGoodbye(osd: OsdId, boot: number, at: MonotonicMs): FailureOutput[] {
    this.#advance(at);
    const life = this.#lives.get(osd);
    if (life === undefined || this.#map.osds.get(osd)?.boot !== boot) return [];
    return markDown([this.#ask(osd, life, 'it said goodbye', true)]);
  }

  #onTick(now: MonotonicMs, wall: WallMs): FailureOutput[] {
    const gapMs = now - this.#tickedAt;
    this.#advance(now);
    this.#tickedAt = this.#now;
    if (gapMs > limits.stallMs) return this.#startAnew(gapMs);
    this.#reports.prune(this.#now, (report) => this.#isCurrent(report));
    const { repeated, again } = this.#dueAgain();
    this.#witnesses = this.#liveWitnesses();
    const facts: FailureFact[] = [];
    const marks = [
      ...repeated,
      // Who was convicted before comes first: it must not convict its witnesses meanwhile.
      ...this.#judge([...again, ...this.#reports.targets()], facts),
      ...this.#judgeSilent(facts),
      ...this.#judgeStalemates(),
    ];
    return [...markDown(marks), ...this.#markOut(wall, facts), ...this.#sayNew(facts)];
  }

  /** The process stood still, so did its queues: what looks like everybody's silence was its own. */
  #startAnew(gapMs: number): FailureOutput[] {
    this.#reports.clear();
    for (const life of this.#lives.values()) life.heardAt = this.#now;
    this.#witnesses = this.#liveWitnesses();
    return [{ kind: 'fact', fact: { kind: 'stalled', ms: gapMs } }];
  }

  // The map.

  #followLives(): void {
    const { osds } = this.#map;
    for (const id of this.#lives.keys()) if (osds.get(id)?.isUp !== true) this.#lives.delete(id);
    for (const id of this.#downs.keys()) if (osds.get(id)?.isUp !== false) this.#downs.delete(id);
    for (const osd of osds.values()) this.#follow(osd);
    for (const [id, { upFrom }] of this.#asked) if (this.#lives.get(id)?.upFrom !== upFrom) this.#asked.delete(id);
    for (const [id, { downAt }] of this.#askedOut) {
      const osd = osds.get(id);
      if (osd?.isIn !== true || osd.isUp || osd.downAt !== downAt) this.#askedOut.delete(id);
    }
    this.#reports.prune(this.#now, (report) => this.#isCurrent(report));
  }

  #follow(osd: OsdInfo): void {
    if (osd.isUp) {
      if (this.#lives.get(osd.id)?.upFrom === osd.upFrom) return;
      this.#lives.set(osd.id, { upFrom: osd.upFrom, heardAt: this.#now });
    } else if (this.#downs.get(osd.id)?.downAt !== osd.downAt) {
      this.#downs.set(osd.id, { downAt: osd.downAt, seenAt: this.#now });
    }
  }

  #noteFlapping(): FailureOutput[] {
    const outputs: FailureOutput[] = [];
    for (const [id, life] of this.#lives) {
      const osd = this.#map.osds.get(id);
      // Up again at once is as bad as down: it crashed and started before anybody noticed.
      const isOver = osd !== undefined && (!osd.isUp || osd.upFrom !== life.upFrom);
      if (!isOver || this.#asked.get(id)?.isGoodbye === true) continue;
      const downs = this.#flapping.wentDown(id, this.#now);
      if (downs >= flappingDowns) outputs.push({ kind: 'fact', fact: { kind: 'flapping', osd: id, downs } });
    }
    return outputs;
  }

  // Who may be believed.

  /** Of two OSDs that are up in the map, about the target's present life. */
  #isCurrent({ reporter, target, targetUpFrom }: FailureReport): boolean {
    return reporter !== target && this.#lives.has(reporter) && this.#lives.get(target)?.upFrom === targetUpFrom;
  }

  /** As of the last tick: after a pause of this process, reports may be read before the beacons that came with them. */
  #isOverdue(osd: OsdId): boolean {
    const life = this.#lives.get(osd);
    return life === undefined || this.#tickedAt - life.heardAt > limits.beaconOverdueMs;
  }

  /** Its own silence, since it says the same of most whom it talks to. */
  #isIsolated(reporter: OsdId): boolean {
    const { silent, peers } = this.#reports.silenceAround(reporter);
    return silent * 2 > peers;
  }

  #isPastGrace(report: StandingReport): boolean {
    if (report.reason === 'refused') return true;
    return report.silentMs + (this.#now - report.at) >= this.#settings.silenceGraceMs;
  }

  /**
   * A refusal came from the target's own machine: no cut makes one. Silence may be the reporter's own, and an isolated
   * one is believed only where the target's beacons are missing as well.
   */
  #counts(report: StandingReport): boolean {
    if (!this.#isPastGrace(report)) return false;
    if (report.reason === 'refused' || this.#isOverdue(report.target)) return true;
    return !this.#isIsolated(report.reporter);
  }

  #liveWitnesses(): Witnesses {
    const live = [...this.#lives.keys()].filter((osd) => !this.#isOverdue(osd) && !this.#asked.has(osd));
    return new Witnesses(live, (osd) => this.#domainOf(osd), this.#settings.domainsNeeded);
  }

  #domainOf(osd: OsdId): string {
    const known = this.#domains.get(osd);
    if (known !== undefined) return known;
    const hostname = this.#map.osds.get(osd)?.hostname ?? '';
    const domain = this.#topology.domainOf(osd, this.#settings.domainLevel, hostname);
    this.#domains.set(osd, domain);
    return domain;
  }

  // Down.

  #judge(targets: Iterable<OsdId>, facts: FailureFact[] = []): MarkDown[] {
    const marks: MarkDown[] = [];
    for (const target of targets) {
      const life = this.#lives.get(target);
      if (life === undefined || this.#asked.has(target)) continue;
      const reports = [...this.#reports.about(target).values()].filter((report) => this.#counts(report));
      const verdict = this.#witnesses.weigh(
        target,
        reports.map(({ reporter }) => reporter),
      );
      if (!convicts(verdict)) {
        if (verdict.heard > 0)
          facts.push({ kind: 'suspected', osd: target, domains: verdict.heard, needed: verdict.needed });
      } else if (this.#map.flags.has('nodown')) {
        facts.push({ kind: 'held-back', osd: target, mark: 'down', by: 'nodown' });
      } else {
        marks.push(this.#ask(target, life, describe(reports, verdict), false));
      }
    }
    return marks;
  }

  /** Nobody reports it, and it does not beacon: it has no peers, or the monitors alone cannot hear it. */
  #judgeSilent(facts: FailureFact[]): MarkDown[] {
    const up = [...this.#lives.keys()];
    const isMass = up.filter((osd) => this.#isOverdue(osd)).length * 2 > up.length;
    const graceMs = this.#settings.beaconGraceMs * (isMass ? limits.massBeaconFactor : 1);
    const marks: MarkDown[] = [];
    for (const [osd, life] of this.#lives) {
      const silentMs = this.#now - life.heardAt;
      if (silentMs < graceMs || this.#asked.has(osd)) continue;
      if (this.#map.flags.has('nodown')) facts.push({ kind: 'held-back', osd, mark: 'down', by: 'nodown' });
      else marks.push(this.#ask(osd, life, `no beacon for ${Math.round(silentMs / 1_000)} s`, false));
    }
    return marks;
  }

  #judgeStalemates(): MarkDown[] {
    if (this.#map.flags.has('nodown')) return [];
    const accusations: Accusation[] = [];
    for (const target of this.#reports.targets()) {
      if (this.#asked.has(target)) continue;
      for (const report of this.#reports.about(target).values()) {
        if (!this.#witnesses.isLive(report.reporter) || !this.#isPastGrace(report)) continue;
        const { reporter, since, at } = report;
        // By its arrivals here, the first to the latest: a new leader waits until the others have reported to it as well,
        // and a report that nobody repeats grows no older.
        accusations.push({ reporter, target, isOld: at - since >= limits.stalemateMs });
      }
    }
    // Where beacons are missing too there is nothing to weigh: those accusations need no partner to give way.
    const missing = accusations.filter(({ target, isOld }) => isOld && this.#isOverdue(target));
    const gone = new Set(missing.map(({ target }) => target));
    const contested = accusations.filter(({ target }) => !gone.has(target));
    return [...gone, ...settle(contested)].flatMap((osd) => {
      const life = this.#lives.get(osd);
      return life === undefined ? [] : [this.#ask(osd, life, 'OSDs cannot reach one another, and it gives way', false)];
    });
  }

  #ask(osd: OsdId, { upFrom }: Life, why: string, isGoodbye: boolean): MarkDown {
    this.#asked.set(osd, { osd, upFrom, why, at: this.#now, isGoodbye });
    this.#witnesses.exclude(osd);
    return { osd, upFrom, why };
  }

  /** A goodbye is asked for again as it is; everything else is judged anew, by what is known now. */
  #dueAgain(): { readonly repeated: readonly MarkDown[]; readonly again: readonly OsdId[] } {
    const repeated: MarkDown[] = [];
    const again: OsdId[] = [];
    for (const [id, asked] of this.#asked) {
      if (this.#now - asked.at < limits.repeatMs) continue;
      const life = this.#lives.get(id);
      if (asked.isGoodbye && life !== undefined) {
        repeated.push(this.#ask(id, life, asked.why, true));
      } else {
        this.#asked.delete(id);
        again.push(id);
      }
    }
    return { repeated, again };
  }

  // Out.

  #markOut(wall: WallMs, facts: FailureFact[]): FailureOutput[] {
    const { out, heldBack } = dueOut({
      map: this.#map,
      topology: this.#topology,
      settings: this.#settings,
      now: this.#now,
      wall,
      watchedSince: (osd) => this.#downs.get(osd)?.seenAt ?? this.#now,
    });
    for (const { osd, by } of heldBack) facts.push({ kind: 'held-back', osd, mark: 'out', by });
    const fresh = out.filter(({ osd }) => this.#now - (this.#askedOut.get(osd)?.at ?? -Infinity) >= limits.repeatMs);
    for (const { osd, downAt } of fresh) this.#askedOut.set(osd, { downAt, at: this.#now });
    return fresh.length === 0 ? [] : [{ kind: 'mark-out', osds: fresh }];
  }

  // Facts.

  #sayNew(facts: FailureFact[]): FailureOutput[] {
    for (const reporter of this.#reports.reporters()) {
      if (!this.#isIsolated(reporter)) continue;
      const { silent, peers } = this.#reports.silenceAround(reporter);
      facts.push({ kind: 'isolated-reporter', osd: reporter, reported: silent, peers });
    }
    const keys = facts.map((fact) => JSON.stringify(fact));
    const fresh = facts.filter((_, index) => !this.#said.has(keys[index] ?? ''));
    this.#said = new Set(keys);
    return fresh.map((fact) => ({ kind: 'fact', fact }));
  }

  /** Inputs may be queued in another order than their instants; the detector's time never goes back. */
  #advance(at: MonotonicMs): void {
    if (at > this.#now) this.#now = at;
  }
}

function markDown(osds: readonly MarkDown[]): FailureOutput[] {
  return osds.length === 0 ? [] : [{ kind: 'mark-down', osds }];
}

function describe(reports: readonly StandingReport[], { heard, needed }: Verdict): string {
  const refused = reports.filter(({ reason }) => reason === 'refused').length;
  const how = refused === 0 ? 'silent' : refused === reports.length ? 'refusing connections' : 'refusing or silent';
  return `${how}, reported from ${heard} failure domain${heard === 1 ? '' : 's'} of ${needed} needed`;
}
