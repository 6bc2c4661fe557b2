import type { Logger } from '../runtime/log.js';
import type { Address, TlsOptions } from '../runtime/network.js';

/** Whether traffic to `host` stays on this machine, as far as its text tells. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(host);
}

/** Without TLS, frames are protected against accidents only: who can reach the network can read and change them. */
export function warnIfExposed(log: Logger, address: Address, tls: TlsOptions | undefined, sentence: string): void {
  if (tls === undefined && !isLoopback(address.host)) log.warn({ host: address.host, port: address.port }, sentence);
}
