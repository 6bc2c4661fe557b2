/**
 * The text format of Prometheus, version 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
 */
import type { Histogram } from './histogram.js';
import type { MetricKind } from './names.js';

/** The Content-Type of a scrape's answer. */
export const expositionContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** Longer label values are cut: they would come from outside, and every scrape repeats them. */
const labelValueLengthMax = 256;

/** The HELP and TYPE lines of a metric. */
export function headerLines(name: string, kind: MetricKind, help: string): string {
  return `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${kind}\n`;
}

/** One sample; `labels` is label text or empty. */
export function sampleLine(name: string, labels: string, value: number): string {
  return `${name}${labels} ${numberText(value)}\n`;
}

/** All samples of one histogram series: a cumulative count per bound, `+Inf`, the sum, the count. */
export function histogramLines(name: string, labels: string, histogram: Histogram): string {
  const counts = histogram.cumulative();
  let text = '';
  for (const [index, count] of counts.entries()) {
    const bound = histogram.bounds[index] ?? Infinity;
    text += sampleLine(`${name}_bucket`, withLabel(labels, `le="${numberText(bound)}"`), count);
  }
  return text + sampleLine(`${name}_sum`, labels, histogram.sum) + sampleLine(`${name}_count`, labels, histogram.count);
}

/** `{a="1",b="2"}`, or nothing without labels. */
export function labelText(labels: readonly (readonly [string, string])[]): string {
  if (labels.length === 0) return '';
  return `{${labels.map(([name, value]) => `${name}="${escapeLabel(value)}"`).join(',')}}`;
}

function withLabel(labels: string, label: string): string {
  return labels === '' ? `{${label}}` : `${labels.slice(0, -1)},${label}}`;
}

function escapeLabel(value: string): string {
  // Half a surrogate pair becomes U+FFFD when the text is encoded.
  const kept = value.slice(0, labelValueLengthMax);
  return kept.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** As Go's ParseFloat reads it. */
function numberText(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return String(value);
}
