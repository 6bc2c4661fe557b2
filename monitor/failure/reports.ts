/** The reports that stand: at most one per reporter and target, of the target's present life, none old. */
import type { MonotonicMs } from '../../base/instants.js';
import type { OsdId } from '../../cluster/ids.js';
import { reportLifeMs, reportsPerReporterMax } from './settings.js';
import type { FailureReport } from './types.js';

export interface StandingReport extends FailureReport {
  /** When the first of the unbroken series arrived; `at` is the newest's. */
  readonly since: MonotonicMs;
}

const none: ReadonlyMap<OsdId, StandingReport> = new Map();

export class Reports {
  readonly #byTarget = new Map<OsdId, Map<OsdId, StandingReport>>();
  readonly #targetsOf = new Map<OsdId, Set<OsdId>>();

  /** By reporter. */
  about(target: OsdId): ReadonlyMap<OsdId, StandingReport> {
    return this.#byTarget.get(target) ?? none;
  }

  /** Those of whom somebody reports something, ascending: decisions do not depend on the order of arrival. */
  targets(): OsdId[] {
    return [...this.#byTarget.keys()].sort((a, b) => a - b);
  }

  reporters(): OsdId[] {
    return [...this.#targetsOf.keys()].sort((a, b) => a - b);
  }

  targetsOf(reporter: OsdId): ReadonlySet<OsdId> {
    return this.#targetsOf.get(reporter) ?? new Set();
  }

  /** A repeated report renews the old one. False when the reporter's share is full: the report is dropped. */
  add(report: FailureReport): boolean {
    const { reporter, target } = report;
    const old = this.#byTarget.get(target)?.get(reporter);
    const targets = this.#targetsOf.get(reporter) ?? new Set<OsdId>();
    if (old === undefined && targets.size >= reportsPerReporterMax) return false;
    const continued = old !== undefined && old.targetUpFrom === report.targetUpFrom;
    const standing = { ...report, since: continued ? old.since : report.at };
    const about = this.#byTarget.get(target) ?? new Map<OsdId, StandingReport>();
    this.#byTarget.set(target, about.set(reporter, standing));
    this.#targetsOf.set(reporter, targets.add(target));
    return true;
  }

  withdraw(reporter: OsdId, target: OsdId): void {
    const about = this.#byTarget.get(target);
    about?.delete(reporter);
    if (about?.size === 0) this.#byTarget.delete(target);
    const targets = this.#targetsOf.get(reporter);
    targets?.delete(target);
    if (targets?.size === 0) this.#targetsOf.delete(reporter);
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
    this.#targetsOf.clear();
  }
}
