/** What `rados bench --format json` says when it is done. It knows no percentiles: of latencies the average and the largest only. */

export interface RadosBenchResult {
  readonly count: number;
  readonly perSecond: number;
  readonly mebibytesPerSecond: number;
  readonly meanMs: number;
  readonly maxMs: number;
}

/** Numbers are printed as strings. */
interface Report {
  readonly total_time_run?: string;
  readonly total_writes_made?: string;
  readonly write_size?: string;
  readonly total_reads_made?: string;
  readonly read_size?: string;
  readonly average_latency?: string;
  readonly max_latency?: string;
}

/** `output` may have lines before the report. Throws when there is none, or nothing was done. */
export function parseRadosBench(output: string): RadosBenchResult {
  const from = output.indexOf('{');
  if (from < 0) throw new Error(`rados bench printed no report: ${output.slice(0, 200)}`);
  const report = JSON.parse(output.slice(from)) as Report;
  const count = number(report, report.total_writes_made === undefined ? 'total_reads_made' : 'total_writes_made');
  const bytes = number(report, report.write_size === undefined ? 'read_size' : 'write_size');
  const perSecond = count / number(report, 'total_time_run');
  return {
    count,
    perSecond,
    mebibytesPerSecond: (perSecond * bytes) / 2 ** 20,
    meanMs: number(report, 'average_latency') * 1_000,
    maxMs: number(report, 'max_latency') * 1_000,
  };
}

function number(report: Report, key: keyof Report): number {
  const value = Number(report[key]);
  if (report[key] === undefined || !(value > 0))
    throw new Error(`rados bench reports ${key} ${report[key] ?? 'not at all'}`);
  return value;
}
