/**
 * How metrics and labels may be named. Dashboards and alert rules outlive releases, so a name that breaks a convention of
 * Prometheus (https://prometheus.io/docs/practices/naming/) is refused when it is registered, not found by an operator.
 */
import { invariant } from '../invariant.js';

export type MetricKind = 'counter' | 'gauge' | 'histogram';

/** `process_` and `nodejs_` hold the names that every exporter uses for such facts; ours start with `cairn_`. */
const nameShape = /^(?:cairn|process|nodejs)(?:_[a-z0-9]+)+$/;
const labelShape = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/;

/** Endings that name a unit other than the base one, with what to use instead. */
const wrongUnits: Readonly<Record<string, string>> = {
  ms: 'seconds',
  milliseconds: 'seconds',
  us: 'seconds',
  microseconds: 'seconds',
  ns: 'seconds',
  nanoseconds: 'seconds',
  minutes: 'seconds',
  hours: 'seconds',
  kb: 'bytes',
  kib: 'bytes',
  mb: 'bytes',
  mib: 'bytes',
  gb: 'bytes',
  gib: 'bytes',
  kilobytes: 'bytes',
  megabytes: 'bytes',
  percent: 'ratio (0 to 1)',
};

/** Endings that the text format gives to the parts of a histogram. */
const reservedEndings = new Set(['bucket', 'count', 'sum']);

/** Throws `InvariantError` when a metric of that kind must not have that name. */
export function checkMetricName(name: string, kind: MetricKind): void {
  invariant(nameShape.test(name), 'a metric is named cairn_..., in lower case with single underscores', { name });
  const words = name.split('_');
  const last = words.at(-1) ?? '';
  invariant((last === 'total') === (kind === 'counter'), 'counters, and only they, end in _total', { name, kind });
  invariant(!reservedEndings.has(last), 'a name does not end like a part of a histogram', { name });
  const unit = last === 'total' ? (words.at(-2) ?? '') : last;
  const instead = Object.hasOwn(wrongUnits, unit) ? wrongUnits[unit] : undefined;
  invariant(instead === undefined, 'a metric is in base units', { name, instead });
}

/** Throws `InvariantError` for label names that are malformed, double, or taken by the text format. */
export function checkLabelNames(labels: readonly string[]): void {
  invariant(new Set(labels).size === labels.length, 'label names differ from each other', { labels });
  for (const label of labels) {
    invariant(labelShape.test(label), 'a label is in lower case with single underscores', { label });
    invariant(label !== 'le', 'the label le belongs to histograms', { label });
  }
}
