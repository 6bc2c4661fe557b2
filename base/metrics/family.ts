import { invariant } from '../invariant.js';
import { labelText } from './exposition.js';

export type LabelValues<Label extends string> = Readonly<Record<Label, string>>;

/** The value of every label of the series that takes what comes after the bound was reached. */
const overflowValue = 'other';

/**
 * One metric with labels: a series for each combination of values. Memory and scrapes grow with the series, and values
 * may come from outside (a client's name), so their number is bounded: beyond `seriesMax` everything new is counted
 * together under the value `other`. Totals stay right; the details of the latecomers are lost.
 */
export class Family<Label extends string, Series> {
  readonly labels: readonly Label[];
  readonly seriesMax: number;
  readonly #make: () => Series;
  readonly #onOverflow: () => void;
  /** By label text, `{pg="1.7"}`, in the order of first use. */
  readonly #series = new Map<string, Series>();
  #overflow: Series | undefined;

  constructor(labels: readonly Label[], seriesMax: number, make: () => Series, onOverflow: () => void) {
    this.labels = labels;
    this.seriesMax = seriesMax;
    this.#make = make;
    this.#onOverflow = onOverflow;
  }

  /** The series of these values, made if missing. It costs a lookup by text: hot paths keep what they got. */
  with(values: LabelValues<Label>): Series {
    const key = this.#keyOf(values);
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    if (this.#series.size >= this.seriesMax) {
      this.#onOverflow();
      this.#overflow ??= this.#make();
      return this.#overflow;
    }
    const series = this.#make();
    this.#series.set(key, series);
    return series;
  }

  /** Forgets a series whose subject is gone (a PG that moved away); it makes room for another. */
  remove(values: LabelValues<Label>): void {
    this.#series.delete(this.#keyOf(values));
  }

  /** Label text and series, in the order of first use; the shared one of all overflow last. */
  entries(): [string, Series][] {
    const entries = [...this.#series];
    if (this.#overflow !== undefined) {
      entries.push([labelText(this.labels.map((name) => [name, overflowValue])), this.#overflow]);
    }
    return entries;
  }

  #keyOf(values: LabelValues<Label>): string {
    return labelText(this.labels.map((name) => [name, values[name]]));
  }
}

/** Throws `InvariantError` unless it bounds something. */
export function checkSeriesMax(seriesMax: number): void {
  invariant(Number.isSafeInteger(seriesMax) && seriesMax >= 1, 'a family has room for a series', { seriesMax });
}
