/** Records of the cluster's log about a PG: for people, so one that does not get there is not sent again. */
import { isCairnError } from '../../base/errors.js';
import { monotonicMs } from '../../base/instants.js';
import { pgNote } from '../../protocol/commands/pg.js';
import type { Term } from '../pg/term.js';

const noteMs = 30_000;

export function noteClusterLog(term: Term, severity: 'info' | 'warn' | 'error', message: string): void {
  const { host } = term;
  const { runtime, monitors } = host;
  const deadline = monotonicMs(runtime.clock.now() + noteMs);
  const args = { pg: term.pg, from: term.self, severity, message };
  monitors.change(pgNote, args, { deadline, signal: term.signal }).catch((error: unknown) => {
    if (!isCairnError(error)) host.fatal(error);
    else runtime.log.debug({ err: error }, 'the monitors did not take a record for the log');
  });
}
