/** The cluster log as it grows, until Ctrl-C. */
import { isCairnError } from '../base/errors.js';
import type { ClusterLogRecord, ClusterLogSeverity } from '../protocol/cluster-log.js';
import { logLast, recordsMax, severities } from '../protocol/commands/log.js';
import type { MonitorClient } from '../protocol/monitor-client.js';
import type { WaitOptions } from '../runtime/clock.js';
import type { CliContext } from './context.js';

export interface FollowOptions {
  /** Number of the last record that was shown. */
  readonly after: number;
  readonly level: ClusterLogSeverity;
  readonly show: (record: ClusterLogRecord) => void;
}

/**
 * Shows each record after `after` once, in order. What came between the caller's last look and the first record followed
 * is asked for, so nothing is left out but what the monitors have forgotten, and then a note says so.
 */
export async function followLog(
  client: MonitorClient,
  context: CliContext,
  { after, level, show }: FollowOptions,
): Promise<void> {
  const least = severities.indexOf(level);
  let last = after;
  const showAll = (records: readonly ClusterLogRecord[]): void => {
    for (const record of records) {
      if (record.number <= last) continue;
      last = record.number;
      if (severities.indexOf(record.severity) >= least) show(record);
    }
  };
  try {
    for await (const records of client.followLog({ signal: context.interrupted })) {
      const first = records[0]?.number ?? 0;
      if (first > last + 1) showAll(await missing(client, context, last, first));
      showAll(records);
    }
  } catch (error) {
    // Ctrl-C is how following ends.
    if (!context.interrupted.aborted || !isCairnError(error, 'CANCELLED')) throw error;
  }
}

/** The catching up is one question: it has as long as one. */
const catchUpMs = 30_000;

async function missing(
  client: MonitorClient,
  context: CliContext,
  after: number,
  before: number,
): Promise<readonly ClusterLogRecord[]> {
  const wait: WaitOptions = { deadline: context.deadlineIn(catchUpMs), signal: context.interrupted };
  const { result } = await client.query(logLast, { after, count: recordsMax, level: 'debug' }, wait);
  const between = result.records.filter(({ number }) => number < before);
  const lost = before - 1 - after - between.length;
  if (lost > 0) context.note(`cairn: ${lost} records came too fast to follow; see \`cairn log -n ${lost + 100}\`\n`);
  return between;
}
