/**
 * Keeps the monitors' picture of the PGs that this OSD leads true: what changed, soon; how large they are, now and then;
 * everything, when another monitor leads. One round at a time, so what was not told is told with the next one.
 */
import type { MonotonicMs } from '../../base/instants.js';
import { printPgId } from '../../cluster/ids.js';
import { type PgReport, type PgReportRow, pgReportRow, pgReportsMax } from '../../protocol/pg-reports.js';

/** Of a PG whose objects came and went, and nothing else happened: 100,000 PGs make 20,000 rows a second then, 6 % of the leader's core. */
const sizesIntervalMs = 5_000;
/** Of a PG that somebody joins: for numbers that a person watches. */
const joiningIntervalMs = 2_000;
/** Whatever the monitors have that nobody corrected is corrected by then. */
const refreshMs = 60_000;
/** Of one round: an OSD that leads more PGs takes several seconds to tell of all. */
const messagesMax = 8;

interface Told {
  readonly report: PgReport;
  readonly at: MonotonicMs;
  /** Who led when it was told. */
  readonly lead: number;
}

/** Sends rows; the term of the leader that has them now, or `undefined` if that is not known. */
export type Tell = (rows: readonly PgReportRow[]) => Promise<number | undefined>;

export class PgReporter {
  readonly #tell: Tell;
  #told = new Map<string, Told>();
  #lead = 0;
  #isTelling = false;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  /** With each answer of the monitors that says who leads. */
  onLead(lead: number): void {
    this.#lead = Math.max(this.#lead, lead);
  }

  /** With `all` that this OSD leads. Resolves when the round is over; one that begins meanwhile is left out. */
  async round(now: MonotonicMs, all: Iterable<PgReport>): Promise<void> {
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      for (const reports of batches(this.#due(now, all))) await this.#send(now, reports);
    } finally {
      this.#isTelling = false;
    }
  }

  #due(now: MonotonicMs, all: Iterable<PgReport>): PgReport[] {
    const due: PgReport[] = [];
    const led = new Map<string, Told>();
    for (const report of all) {
      const name = printPgId(report.pg);
      const told = this.#told.get(name);
      if (told !== undefined) led.set(name, told);
      if (told === undefined || told.lead < this.#lead || isDue(report, told, now)) due.push(report);
    }
    // What others lead is theirs to tell; led again, it is told again.
    this.#told = led;
    return due;
  }

  async #send(now: MonotonicMs, reports: readonly PgReport[]): Promise<void> {
    const lead = await this.#tell(reports.map(pgReportRow));
    if (lead === undefined) return;
    this.onLead(lead);
    for (const report of reports) this.#told.set(printPgId(report.pg), { report, at: now, lead });
  }
}

function isDue(report: PgReport, { report: last, at }: Told, now: MonotonicMs): boolean {
  if (report.term !== last.term || report.state !== last.state) return true;
  const age = now - at;
  if (age >= refreshMs) return true;
  const isJoining = report.joiner !== undefined || report.leftBytes !== last.leftBytes;
  return age >= (isJoining ? joiningIntervalMs : sizesIntervalMs) && !isSame(report, last);
}

function isSame(a: PgReport, b: PgReport): boolean {
  const others = pgReportRow(b);
  return pgReportRow(a).every((value, index) => value === others[index]);
}

function* batches(reports: readonly PgReport[]): Generator<readonly PgReport[]> {
  for (let batch = 0; batch < messagesMax && batch * pgReportsMax < reports.length; batch += 1) {
    yield reports.slice(batch * pgReportsMax, (batch + 1) * pgReportsMax);
  }
}
