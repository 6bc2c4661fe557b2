/** UDP, sent only. One socket per family, opened when first needed. */
import * as dgram from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { CairnError } from '../../base/errors.js';
import type { Clock } from '../clock.js';
import { datagramBytesMax, type Address, type DatagramSocket } from '../network.js';
import { checkAddress, showAddress } from './address.js';
import { fromErrno } from './errno.js';

/** A name is looked up again after so long: a log message must not cost a question to DNS each. */
const resolvedMs = 60_000;

interface Resolved {
  readonly host: string;
  readonly ip: string;
  readonly family: number;
  readonly until: number;
}

export class NodeDatagramSocket implements DatagramSocket {
  readonly #clock: Clock;
  readonly #sockets = new Map<number, dgram.Socket>();
  /** The last name used; callers have one destination. */
  #resolved: Resolved | undefined;
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async send(address: Address, bytes: Uint8Array): Promise<void> {
    checkAddress(address, 1);
    const doing = `cannot send to ${showAddress(address)}`;
    if (bytes.byteLength > datagramBytesMax) {
      throw new CairnError('INVALID_ARGUMENT', `${doing}: a datagram has at most ${datagramBytesMax} bytes`);
    }
    this.#checkOpen(doing);
    const { ip, family } = await this.#resolve(address.host, doing);
    this.#checkOpen(doing);
    const socket = this.#socketOf(family);
    await new Promise<void>((resolve, reject) => {
      socket.send(bytes, address.port, ip, (error) => {
        if (error === null) resolve();
        else reject(fromErrno(error, doing, 'UNREACHABLE'));
      });
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
  }

  #checkOpen(doing: string): void {
    if (this.#isClosed) throw new CairnError('CLOSED', `${doing}: the socket was closed`);
  }

  async #resolve(host: string, doing: string): Promise<{ readonly ip: string; readonly family: number }> {
    const family = isIP(host);
    if (family !== 0) return { ip: host, family };
    const now = this.#clock.now();
    if (this.#resolved?.host === host && now < this.#resolved.until) return this.#resolved;
    try {
      const found = await lookup(host);
      this.#resolved = { host, ip: found.address, family: found.family, until: now + resolvedMs };
      return this.#resolved;
    } catch (error) {
      throw fromErrno(error, doing, 'UNREACHABLE');
    }
  }

  #socketOf(family: number): dgram.Socket {
    const known = this.#sockets.get(family);
    if (known !== undefined) return known;
    const socket = dgram.createSocket(family === 6 ? 'udp6' : 'udp4');
    // An error that belongs to no send, such as a failed bind: the sends that wait for it hear of it themselves.
    socket.on('error', () => undefined);
    this.#sockets.set(family, socket);
    return socket;
  }
}
