import type { MonitorInfo } from '../map.js';
import { checkAddress } from './check-address.js';
import { fits, isIntegerWithin, quoted, u32Max, valid } from './facts.js';

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$/;

/** Throws `INVALID_ARGUMENT`. */
export function checkMonitor({ name, member, address, role }: MonitorInfo): void {
  valid(
    namePattern.test(name),
    () => `${quoted(name)} is no name for a monitor; use up to 60 letters, digits, ".", "-" and "_"`,
  );
  valid(
    isIntegerWithin(member, 1, u32Max),
    () => `mon.${name} has member number ${member}; give it one from 1 to 2^32-1`,
  );
  valid(
    role === 'voter' || role === 'learner',
    () => `mon.${name} has a role that does not exist; use voter or learner`,
  );
  checkAddress(address, `mon.${name}`);
}

/** Of all monitors together. Throws `CONFLICT`. */
export function checkMonitors(monitors: ReadonlyMap<string, MonitorInfo>): void {
  const owners = new Map<number, string>();
  let voterCount = 0;
  for (const { name, member, role } of monitors.values()) {
    const owner = owners.get(member);
    fits(owner === undefined, () => `mon.${owner} and mon.${name} share member number ${member}; give each its own`);
    owners.set(member, name);
    if (role === 'voter') voterCount += 1;
  }
  fits(voterCount > 0, () => 'the last voting monitor would be gone; add another one first');
}
