/** Addresses of daemons as people write them: `10.0.0.1:7000`, `store-1.example:7000`, `[fd00::1]:7000`. */
import { CairnError } from '../base/errors.js';
import type { NodeAddress } from '../cluster/osd.js';

/** A host name has at most 253 characters (RFC 1035), a port five. */
export const addressTextLengthMax = 261;

export function printAddress({ host, port }: NodeAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Throws `INVALID_ARGUMENT`. Whether the host exists is not looked up. */
export function parseAddress(text: string): NodeAddress {
  const match = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([A-Za-z0-9_.-]{1,253})):([0-9]{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host !== undefined && port >= 1 && port <= 65_535) return { host, port };
  throw new CairnError(
    'INVALID_ARGUMENT',
    `"${text.slice(0, addressTextLengthMax)}" is no address; write HOST:PORT, an IPv6 host as [::1]:7000`,
  );
}
