/** The reports that stand: at most one per reporter and target, of the target's present life, none old. */
import type { MonotonicMs } from '../../base/instants.js';
import type { OsdId } from '../../cluster/ids.js';
import { reportLifeMs, reportsPerReporterMax } from './settings.js';
import type { FailureReport } from './types.js';

export interface StandingReport extends FailureReport {
  /** When the first of the unbroken series arrived; `at` is the newest's. */
  readonly since: MonotonicMs;
}

/** What one reporter says of all. */
interface Share {
  readonly targets: Set<OsdId>;
  /** Of those, how many it calls silent: asked for with each report, so it is kept rather than counted. */
  silent: number;
  /** Of its newest report. */
  peerCount: number;
}

const none: ReadonlyMap<OsdId, StandingReport> = new Map();

export class Reports {
  readonly #byTarget = new Map<OsdId, Map<OsdId, StandingReport>>();
  readonly #byReporter = new Map<OsdId, Share>();

  /** By reporter. */
  about(target: OsdId): ReadonlyMap<OsdId, StandingReport> {
    return this.#byTarget.get(target) ?? none;
  }

  /** Those of whom somebody reports something, ascending: decisions do not depend on the order of arrival. */
  targets(): OsdId[] {
    return [...this.#byTarget.keys()].sort((a, b) => a - b);
  }

  reporters(): OsdId[] {
    return [...this.#byReporter.keys()].sort((a, b) => a - b);
  }

  /** How many peers the reporter has, and of how many of them it reports silence. */
  silenceAround(reporter: OsdId): { readonly silent: number; readonly peers: number } {
    const share = this.#byReporter.get(reporter);
    return { silent: share?.silent ?? 0, peers: share?.peerCount ?? 0 };
  }

  /** A repeated report renews the old one. False when the reporter's share is full: the report is dropped. */
  add(report: FailureReport): boolean {
    const { reporter, target } = report;
    const about = this.#byTarget.get(target) ?? new Map<OsdId, StandingReport>();
    const share = this.#byReporter.get(reporter) ?? { targets: new Set<OsdId>(), silent: 0, peerCount: 0 };
    const old = about.get(reporter);
    if (old === undefined && share.targets.size >= reportsPerReporterMax) return false;
    const continued = old !== undefined && old.targetUpFrom === report.targetUpFrom;
    about.set(reporter, { ...report, since: continued ? old.since : report.at });
    share.targets.add(target);
    share.silent += silence(report) - silence(old);
    share.peerCount = report.peerCount;
    this.#byTarget.set(target, about);
    this.#byReporter.set(reporter, share);
    return true;
  }

  withdraw(reporter: OsdId, target: OsdId): void {
    const about = this.#byTarget.get(target);
    const share = this.#byReporter.get(reporter);
    const report = about?.get(reporter);
    if (about === undefined || share === undefined || report === undefined) return;
    about.delete(reporter);
    if (about.size === 0) this.#byTarget.delete(target);
    share.targets.delete(target);
    share.silent -= silence(report);
    if (share.targets.size === 0) this.#byReporter.delete(reporter);
  }

  /** Drops what was not repeated in time, and what `isCurrent` denies. */
  prune(now: MonotonicMs, isCurrent: (report: StandingReport) => boolean): void {
    for (const about of this.#byTarget.values()) {
      // A map may lose entries, the present one too, while it is walked.
      for (const report of about.values()) {
        if (now - report.at > reportLifeMs || !isCurrent(report)) this.withdraw(report.reporter, report.target);
      }
    }
  }

  clear(): void {
    this.#byTarget.clear();
    this.#byReporter.clear();
  }
}

function silence(report: FailureReport | undefined): number {
  return report?.reason === 'silent' ? 1 : 0;
}
