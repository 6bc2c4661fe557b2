import type { Socket } from 'node:net';
import { CairnError } from '../../base/errors.js';
import type { Address } from '../network.js';

/** `10.0.0.1:7000`, `[::1]:7000`. */
export function showAddress(address: Address): string {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}

export function checkAddress(address: Address, portMin: number): void {
  if (address.host === '') throw new CairnError('INVALID_ARGUMENT', 'an address needs a host');
  const { port } = address;
  if (!Number.isInteger(port) || port < portMin || port > 65_535) {
    throw new CairnError('INVALID_ARGUMENT', `port ${port} of ${address.host} is not within ${portMin} to 65535`);
  }
}

/** `undefined` when the peer is gone already. */
export function remoteAddress(socket: Socket): Address | undefined {
  const { remoteAddress: host, remotePort: port } = socket;
  return host === undefined || port === undefined ? undefined : { host, port };
}

export function localAddress(socket: Socket): Address {
  return { host: socket.localAddress ?? '', port: socket.localPort ?? 0 };
}
