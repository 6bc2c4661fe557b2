/**
 * The metrics of one daemon. Parts of it register what they count when they are made, keep the object they got, and
 * change it directly: a count is an addition, with no lookup. A scrape renders all of it (`render`).
 *
 *     const writes = registry.counter({ name: 'cairn_osd_writes_total', help: 'Writes acknowledged.' });
 *     writes.add();
 */
import { invariant } from '../invariant.js';
import { Counter } from './counter.js';
import { headerLines, histogramLines, labelText, sampleLine } from './exposition.js';
import { checkSeriesMax, Family, type LabelValues } from './family.js';
import { Gauge } from './gauge.js';
import { checkBounds, Histogram } from './histogram.js';
import { checkLabelNames, checkMetricName, type MetricKind } from './names.js';

export interface MetricOptions {
  /** `cairn_<daemon>_<what>_<base unit>`, counters with `_total` behind it. */
  readonly name: string;
  /** One sentence for people. */
  readonly help: string;
}

export interface LabelledOptions<Label extends string> extends MetricOptions {
  readonly labels: readonly Label[];
  /** Series beyond it are counted together as `other`. Default 1,000: raising it costs memory and longer scrapes. */
  readonly seriesMax?: number;
}

export interface Buckets {
  /** Upper bounds in the metric's unit, ascending; `+Inf` is added. */
  readonly buckets: readonly number[];
}

/** One series of a metric that is read at scrape time. */
export interface Reading<Label extends string> {
  readonly labels: LabelValues<Label>;
  readonly value: number;
}

interface Registered {
  readonly kind: MetricKind;
  readonly help: string;
  /** The samples, as text; without any, the metric is left out. */
  render(): string;
}

const seriesMaxDefault = 1_000;

export class MetricsRegistry {
  readonly #metrics = new Map<string, Registered>();
  readonly #overflows: Counter;
  readonly #failures: Counter;

  constructor() {
    this.#overflows = this.counter({
      name: 'cairn_metrics_overflows_total',
      help: 'Uses of labelled metrics that were counted as "other" because the metric has too many series.',
    });
    this.#failures = this.counter({
      name: 'cairn_metrics_read_failures_total',
      help: 'Metrics left out of a scrape because reading them failed.',
    });
  }

  counter(options: MetricOptions): Counter {
    const counter = new Counter();
    this.#add('counter', options, (name) => sampleLine(name, '', counter.value));
    return counter;
  }

  counters<Label extends string>(options: LabelledOptions<Label>): Family<Label, Counter> {
    return this.#addFamily('counter', options, () => new Counter(), valueLine);
  }

  gauge(options: MetricOptions): Gauge {
    const gauge = new Gauge();
    this.#add('gauge', options, (name) => sampleLine(name, '', gauge.value));
    return gauge;
  }

  gauges<Label extends string>(options: LabelledOptions<Label>): Family<Label, Gauge> {
    return this.#addFamily('gauge', options, () => new Gauge(), valueLine);
  }

  histogram(options: MetricOptions & Buckets): Histogram {
    const histogram = new Histogram(options.buckets);
    this.#add('histogram', options, (name) => histogramLines(name, '', histogram));
    return histogram;
  }

  histograms<Label extends string>(options: LabelledOptions<Label> & Buckets): Family<Label, Histogram> {
    checkBounds(options.buckets);
    return this.#addFamily('histogram', options, () => new Histogram(options.buckets), histogramLines);
  }

  /** A number that something else knows, asked for at each scrape; `undefined` leaves it out. `read` must be quick. */
  read(kind: 'counter' | 'gauge', options: MetricOptions, read: () => number | undefined): void {
    this.#add(kind, options, (name) => {
      const value = read();
      return value === undefined ? '' : sampleLine(name, '', value);
    });
  }

  /** Series that something else knows. Those beyond `seriesMax` are left out and counted as overflows. */
  readAll<Label extends string>(
    kind: 'counter' | 'gauge',
    options: LabelledOptions<Label>,
    read: () => Iterable<Reading<Label>>,
  ): void {
    const { labels } = options;
    const seriesMax = seriesMaxOf(options);
    this.#add(kind, options, (name) => {
      let count = 0;
      let text = '';
      for (const reading of read()) {
        if (count >= seriesMax) {
          this.#overflows.add();
          break;
        }
        count += 1;
        text += sampleLine(name, labelText(labels.map((label) => [label, reading.labels[label]])), reading.value);
      }
      return text;
    });
  }

  /**
   * All metrics in the text format, by name. A metric that cannot be read is left out and counted: the others are what an
   * operator needs just then.
   */
  render(): string {
    const names = [...this.#metrics.keys()].sort();
    let text = '';
    for (const name of names) text += this.#renderOne(name);
    return text;
  }

  #renderOne(name: string): string {
    const metric = this.#metrics.get(name);
    invariant(metric !== undefined, 'a metric is registered', { name });
    try {
      const samples = metric.render();
      return samples === '' ? '' : headerLines(name, metric.kind, metric.help) + samples;
    } catch {
      this.#failures.add();
      return '';
    }
  }

  #addFamily<Label extends string, Series>(
    kind: MetricKind,
    options: LabelledOptions<Label>,
    make: () => Series,
    lines: (name: string, labels: string, series: Series) => string,
  ): Family<Label, Series> {
    const seriesMax = seriesMaxOf(options);
    const family = new Family(options.labels, seriesMax, make, () => {
      this.#overflows.add();
    });
    this.#add(kind, options, (name) =>
      family
        .entries()
        .map(([labels, series]) => lines(name, labels, series))
        .join(''),
    );
    return family;
  }

  #add(kind: MetricKind, options: MetricOptions, render: (name: string) => string): void {
    const { name, help } = options;
    checkMetricName(name, kind);
    invariant(!this.#metrics.has(name), 'a metric is registered once', { name });
    this.#metrics.set(name, { kind, help, render: () => render(name) });
  }
}

function valueLine(name: string, labels: string, series: { readonly value: number }): string {
  return sampleLine(name, labels, series.value);
}

function seriesMaxOf(options: LabelledOptions<string>): number {
  checkLabelNames(options.labels);
  const { seriesMax = seriesMaxDefault } = options;
  checkSeriesMax(seriesMax);
  return seriesMax;
}
