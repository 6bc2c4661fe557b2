import { utcText } from '../base/utc-text.js';
import type { ClusterLogRecord, ClusterLogSeverity } from '../protocol/cluster-log.js';
import { type Colour, paint } from './colours.js';
import type { CliContext } from './context.js';

/** As Ceph's cluster log has them. */
const letters: Readonly<Record<ClusterLogSeverity, string>> = {
  debug: '[DBG]',
  info: '[INF]',
  warn: '[WRN]',
  error: '[ERR]',
};

const colours: Readonly<Record<ClusterLogSeverity, Colour | undefined>> = {
  debug: 'dim',
  info: undefined,
  warn: 'yellow',
  error: 'red',
};

/** `2026-11-20T22:26:39.123Z mon.a [WRN] osd.3 marked down`. Control characters do not reach the terminal. */
export function logLine(context: CliContext, { at, source, severity, message }: ClusterLogRecord): string {
  const colour = colours[severity];
  const letter = colour === undefined ? letters[severity] : paint(context, colour, letters[severity]);
  return `${utcText(at)} ${printable(source)} ${letter} ${printable(message)}\n`;
}

/** What others wrote, without what would move the cursor, colour the rest or begin a line of its own. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '?');
}
