/** Addresses of daemons, on their way in and out: as `base/parse-address.ts` reads them, with a port to connect to. */
import { CairnError, isCairnError } from '../base/errors.js';
import { addressForm, parseAddress, showAddress } from '../base/parse-address.js';
import type { NodeAddress } from '../cluster/osd.js';

/** A host name has at most 253 characters (RFC 1035), a port five. */
export const addressTextLengthMax = 261;

export function printAddress(address: NodeAddress): string {
  return showAddress(address);
}

/** Throws `INVALID_ARGUMENT`. Whether the host exists is not looked up. */
export function parseNodeAddress(text: string): NodeAddress {
  const shown = text.slice(0, addressTextLengthMax);
  try {
    const address = parseAddress(shown);
    if (address.port >= 1 && shown === text) return address;
  } catch (error) {
    if (!isCairnError(error, 'PARSE_ERROR')) throw error;
  }
  throw new CairnError('INVALID_ARGUMENT', `"${shown}" is no address; write ${addressForm}`);
}
