import { CairnError } from './errors.js';

export const addressForm = 'an address such as 10.0.0.1:7000, mon.example:7000 or [::1]:7000';

/** The host and port of `10.0.0.1:7000` or `[::1]:7000` (without the brackets). Throws `PARSE_ERROR`. */
export function parseAddress(text: string): { readonly host: string; readonly port: number } {
  const found = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252})?)):([0-9]{1,5})$/.exec(text);
  const host = found?.[1] ?? found?.[2];
  const port = Number(found?.[3]);
  // Within brackets only IPv6 makes sense, and its shortest form is `::`.
  const isSound =
    host !== undefined && (found?.[1] === undefined || host.includes('::') || host.split(':').length === 8);
  if (isSound && port <= 65_535) return { host, port };
  throw new CairnError('PARSE_ERROR', `"${text}" is no address; write ${addressForm}, with a port up to 65535`);
}

/** The text that `parseAddress` reads. */
export function showAddress(address: { readonly host: string; readonly port: number }): string {
  const { host, port } = address;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
