import type { NodeAddress } from '../osd.js';
import { isIntegerWithin, quoted, valid } from './facts.js';

/** Letters, digits, dots and dashes of host names and IPv4; colons and `%zone` of IPv6. */
const hostPattern = /^[A-Za-z0-9._:%-]{1,255}$/;

/** Throws `INVALID_ARGUMENT`; `owner` names whose address it is. */
export function checkAddress(address: NodeAddress, owner: string): void {
  valid(
    hostPattern.test(address.host),
    () => `${owner} has the host ${quoted(address.host)}; give an IP address or a host name`,
  );
  valid(isIntegerWithin(address.port, 1, 65_535), () => `${owner} has port ${address.port}; give one from 1 to 65535`);
}
