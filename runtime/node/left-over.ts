/** Daemons that outlived whoever started them. */
import { readFileSync } from 'node:fs';

/** Whether the process of that id lives. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Alive, and somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Whether that process lives and has `argument` in its command line: an id in an old file may be another's by now, in a
 * container even the reader's own. Where /proc does not exist, whoever lives is taken for it.
 */
export function isAliveWith(pid: number, argument: string): boolean {
  if (pid === process.pid || !isAlive(pid)) return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(argument);
  } catch {
    return true;
  }
}

/** The id in a pid file; `undefined` when there is none. */
export function pidIn(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, 'utf8').trim());
    return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Asks the process of a pid file to stop if its command line has `argument` in it: an id may be another's by now. True when
 * it was asked. Where /proc does not exist nothing is asked, and the store's lock speaks up.
 */
export function stopLeftOver(path: string, argument: string): boolean {
  const pid = pidIn(path);
  if (pid === undefined || !isAlive(pid)) return false;
  try {
    if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(argument)) return false;
    process.kill(pid, 'SIGTERM');
    return true;
  } catch {
    return false;
  }
}
