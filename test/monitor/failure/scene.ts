/** A detector with a clock to turn by hand, and OSDs that beacon by themselves unless they are muted. */
import { monotonicMs, wallMs } from '../../../base/instants.js';
import { epoch, osdId } from '../../../cluster/ids.js';
import type { OsdInfo } from '../../../cluster/osd.js';
import { FailureDetector } from '../../../monitor/failure/detector.js';
import { defaultFailureSettings, type FailureSettings, tickIntervalMs } from '../../../monitor/failure/settings.js';
import { beaconIntervalMs, reportIntervalMs } from '../../../protocol/heartbeat-times.js';
import type { FailureInput, FailureOutput, ReportKind } from '../../../monitor/failure/types.js';
import { type SampleMap, withOsds } from '../sample-map.js';

export const wallStart = 1_700_000_000_000;

export interface Accuses {
  readonly reporter: number;
  readonly target: number;
  readonly reason?: ReportKind;
  readonly silentMs?: number;
  readonly peerCount?: number;
  readonly targetUpFrom?: number;
}

export class Scene {
  now = 1_000;
  /** Of the leader's wall clock against its monotonic one. */
  wallOffset = wallStart - 1_000;
  readonly outputs: FailureOutput[] = [];
  /** When each OSD was asked to be down, and why. */
  readonly downs = new Map<number, { readonly at: number; readonly why: string }>();
  readonly outs = new Map<number, number>();
  /** OSDs whose beacons do not arrive. */
  readonly mute = new Set<number>();
  /** Whether marks go into the map at once. */
  commits = true;
  map: SampleMap;
  readonly detector: FailureDetector;
  readonly #standing: (Accuses & { readonly from: number })[] = [];

  constructor(map: SampleMap, settings: Partial<FailureSettings> = {}) {
    this.map = map;
    this.detector = new FailureDetector({
      settings: { ...defaultFailureSettings, ...settings },
      map,
      now: monotonicMs(this.now),
    });
  }

  get wall(): number {
    return this.now + this.wallOffset;
  }

  step(input: FailureInput): FailureOutput[] {
    const outputs = this.detector.step(input);
    this.outputs.push(...outputs);
    for (const output of outputs) this.#follow(output);
    return outputs;
  }

  beacon(osd: number, boot = this.map.osds.get(osdId(osd))?.boot ?? 1): void {
    this.step({ kind: 'beacon', osd: osdId(osd), boot, at: monotonicMs(this.now) });
  }

  goodbye(osd: number, boot = 1): void {
    this.step({ kind: 'goodbye', osd: osdId(osd), boot, at: monotonicMs(this.now) });
  }

  report({ reporter, target, reason = 'silent', silentMs = 10_000, peerCount = 10, ...rest }: Accuses): void {
    const upFrom = rest.targetUpFrom ?? this.map.osds.get(osdId(target))?.upFrom ?? 0;
    const at = monotonicMs(this.now);
    const report = { reporter: osdId(reporter), target: osdId(target), targetUpFrom: epoch(upFrom) };
    this.step({ kind: 'report', report: { ...report, reason, silentMs, peerCount, at } });
  }

  /** From now on `reporter` repeats it every second, with a silence that grows, until the target is down. */
  accuse(accuses: Accuses): void {
    this.#standing.push({ ...accuses, from: this.now });
    this.report(accuses);
  }

  withdraw(reporter: number, target: number): void {
    this.step({ kind: 'withdrawal', reporter: osdId(reporter), target: osdId(target) });
  }

  change(changes: Readonly<Record<number, Partial<OsdInfo>>>): void {
    this.map = withOsds(this.map, changes);
    this.step({ kind: 'map', map: this.map, at: monotonicMs(this.now) });
  }

  flag(flags: SampleMap['flags']): void {
    this.map = { ...withOsds(this.map, {}), flags };
    this.step({ kind: 'map', map: this.map, at: monotonicMs(this.now) });
  }

  tick(): FailureOutput[] {
    return this.step({ kind: 'tick', now: monotonicMs(this.now), wall: wallMs(this.wall) });
  }

  /** Time passes, with ticks, beacons and repeated reports on the way. */
  pass(ms: number): void {
    const end = this.now + ms;
    while (this.now < end) {
      this.now = Math.min(end, this.now + tickIntervalMs);
      if (this.now % beaconIntervalMs === 0) this.#beacons();
      for (const accuses of this.#standing) this.#repeat(accuses);
      this.tick();
    }
  }

  facts(): string[] {
    return this.outputs.flatMap((output) => (output.kind === 'fact' ? [JSON.stringify(output.fact)] : []));
  }

  #beacons(): void {
    for (const { id, isUp, boot } of this.map.osds.values()) if (isUp && !this.mute.has(id)) this.beacon(id, boot);
  }

  #repeat({ from, ...accuses }: Accuses & { readonly from: number }): void {
    const ageMs = this.now - from;
    const isUp = (osd: number) => this.map.osds.get(osdId(osd))?.isUp === true;
    if (ageMs === 0 || ageMs % reportIntervalMs !== 0 || !isUp(accuses.reporter) || !isUp(accuses.target)) return;
    this.report({ ...accuses, silentMs: (accuses.silentMs ?? 10_000) + ageMs });
  }

  #follow(output: FailureOutput): void {
    if (output.kind === 'fact') return;
    for (const mark of output.osds) {
      if (output.kind === 'mark-out') this.outs.set(mark.osd, this.now);
      else this.downs.set(mark.osd, { at: this.now, why: mark.why });
    }
    if (!this.commits) return;
    const next = epoch(this.map.epoch + 1);
    const change =
      output.kind === 'mark-out'
        ? { isIn: false, isAutoOut: true }
        : { isUp: false, downAt: next, downSince: wallMs(this.wall) };
    this.change(Object.fromEntries(output.osds.map(({ osd }) => [osd, change])));
  }
}
