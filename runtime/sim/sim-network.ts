/** Sockets of a simulated process. TLS is the real runtime's business: here it is refused. */
import { copyBytes } from '../../base/bytes.js';
import { CairnError } from '../../base/errors.js';
import type { Clock } from '../clock.js';
import {
  datagramBytesMax,
  type Address,
  type Connection,
  type ConnectOptions,
  type DatagramSocket,
  type Listener,
  type ListenOptions,
  type Network,
} from '../network.js';
import { raceWithWait, type Race } from '../wait.js';
import { Endpoint } from './endpoint.js';
import { type Fabric, type Host, showAddress } from './fabric.js';
import { LentBuffers } from './lent.js';
import type { Resource, SimProcess } from './process.js';

const connectionsMaxDefault = 10_000;

/** Linux sends the first packet of a connection again after 1 s, then 2, 4 and so on. */
const synRetryMs = 1_000;

/** A system call that waits for nothing, in ms. */
const callMs = 0.01;

export class SimNetwork implements Network {
  readonly #process: SimProcess;
  readonly #clock: Clock;
  readonly #fabric: Fabric;
  readonly #host: Host;

  constructor(process: SimProcess, clock: Clock, fabric: Fabric, host: Host) {
    this.#process = process;
    this.#clock = clock;
    this.#fabric = fabric;
    this.#host = host;
  }

  async connect(address: Address, options: ConnectOptions = {}): Promise<Connection> {
    checkAddress(address, 1);
    if (options.tls !== undefined) throw noTls();
    const doing = `connecting to ${showAddress(address)}`;
    return await raceWithWait(this.#clock, options, doing, (race: Race<Connection>) => {
      const dial = new Dial(this.#process, this.#fabric, this.#host, address, race);
      return () => dial.drop();
    });
  }

  async listen(
    address: Address,
    options: ListenOptions,
    onConnection: (connection: Connection) => void,
  ): Promise<Listener> {
    checkAddress(address, 0);
    if (options.tls !== undefined) throw noTls();
    const { connectionsMax = connectionsMaxDefault } = options;
    if (!Number.isSafeInteger(connectionsMax) || connectionsMax < 1) {
      throw new CairnError('INVALID_ARGUMENT', `connectionsMax is ${connectionsMax}; it must be at least 1`);
    }
    return await this.#process.operation('net.listen', callMs, () => {
      const bound = this.#fabric.claim(this.#host, address);
      return new SimListener(this.#process, this.#host, bound, connectionsMax, onConnection);
    });
  }

  openDatagrams(): DatagramSocket {
    return new SimDatagramSocket(this.#process, this.#fabric, this.#host);
  }
}

export class SimListener implements Listener, Resource {
  readonly address: Address;
  readonly #process: SimProcess;
  readonly #host: Host;
  readonly #connectionsMax: number;
  readonly #onConnection: (connection: Connection) => void;
  #accepted = 0;

  constructor(
    process: SimProcess,
    host: Host,
    address: Address,
    connectionsMax: number,
    onConnection: (connection: Connection) => void,
  ) {
    this.#process = process;
    this.#host = host;
    this.address = address;
    this.#connectionsMax = connectionsMax;
    this.#onConnection = onConnection;
    host.listeners.add(this);
    process.resources.add(this);
  }

  async close(): Promise<void> {
    this.onProcessDeath();
    await this.#process.operation('net.unlisten', callMs, () => undefined);
  }

  onProcessDeath(): void {
    this.#host.listeners.delete(this);
    this.#process.resources.delete(this);
  }

  describeWaiting(): string {
    return `listens at ${showAddress(this.address)}`;
  }

  /** The handshake's last packet arrived from `dialled`. `undefined` when nobody listens any more. */
  accept(fabric: Fabric, dialled: Endpoint): Endpoint | undefined {
    if (!this.#host.listeners.has(this)) return undefined;
    const endpoint = new Endpoint({
      fabric,
      process: this.#process,
      host: this.#host,
      peerHost: dialled.host,
      local: dialled.remote,
      remote: dialled.local,
    });
    endpoint.connectTo(dialled);
    this.#accepted += 1;
    endpoint.onGone = () => {
      this.#accepted -= 1;
    };
    this.#process.wake('net.accept', callMs, () => {
      if (this.#accepted > this.#connectionsMax || !this.#host.listeners.has(this)) {
        endpoint.destroy();
        return;
      }
      endpoint.expectStart();
      this.#onConnection(endpoint);
    });
    return endpoint;
  }
}

class SimDatagramSocket implements DatagramSocket {
  readonly #process: SimProcess;
  readonly #fabric: Fabric;
  readonly #host: Host;
  readonly #port: number;
  #isClosed = false;

  constructor(process: SimProcess, fabric: Fabric, host: Host) {
    this.#process = process;
    this.#fabric = fabric;
    this.#host = host;
    this.#port = fabric.freePort(host);
  }

  async send(address: Address, bytes: Uint8Array): Promise<void> {
    checkAddress(address, 1);
    const doing = `cannot send to ${showAddress(address)}`;
    if (bytes.byteLength > datagramBytesMax) {
      throw new CairnError('INVALID_ARGUMENT', `${doing}: a datagram has at most ${datagramBytesMax} bytes`);
    }
    if (this.#isClosed) throw new CairnError('CLOSED', `${doing}: the socket was closed`);
    const lent = new LentBuffers(`send to ${showAddress(address)}`, [bytes]);
    const copy = copyBytes(bytes);
    await this.#process.operation('net.datagram-send', callMs, () => {
      const error = lent.check();
      if (error !== undefined) this.#process.fatal(error);
      const target = this.#fabric.resolve(this.#host, address.host);
      if (target === undefined) throw new CairnError('UNREACHABLE', `${doing}: no such host`);
      const source = { host: this.#host.ip, port: this.#port };
      this.#fabric.carryDatagram(this.#host, target, source, address.port, copy);
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }
}

/** One attempt to connect: packets of the handshake, sent again until answered. */
class Dial {
  readonly #process: SimProcess;
  readonly #fabric: Fabric;
  readonly #host: Host;
  readonly #address: Address;
  readonly #race: Race<Connection>;
  readonly #startedAt: number;
  #retryMs = synRetryMs;
  #isOver = false;

  constructor(process: SimProcess, fabric: Fabric, host: Host, address: Address, race: Race<Connection>) {
    this.#process = process;
    this.#fabric = fabric;
    this.#host = host;
    this.#address = address;
    this.#race = race;
    this.#startedAt = fabric.scheduler.now;
    this.#send();
  }

  drop(): void {
    this.#isOver = true;
  }

  #send(): void {
    const target = this.#fabric.resolve(this.#host, this.#address.host);
    if (target === undefined) {
      this.#later(callMs, () => this.#fail('UNREACHABLE', 'no such host'));
      return;
    }
    this.#cross(this.#host, target, () => this.#arrive(target));
  }

  #arrive(target: Host): void {
    const ip = target === this.#host && isLoopback(this.#address.host) ? '127.0.0.1' : target.ip;
    const listener = this.#fabric.findListener(target, ip, this.#address.port);
    this.#cross(target, this.#host, () => {
      if (listener instanceof SimListener) this.#establish(target, ip, listener);
      else this.#fail('CONNECTION_REFUSED', 'nobody listens there');
    });
  }

  #establish(target: Host, ip: string, listener: SimListener): void {
    this.#isOver = true;
    const endpoint = new Endpoint({
      fabric: this.#fabric,
      process: this.#process,
      host: this.#host,
      peerHost: target,
      local: { host: ip === '127.0.0.1' ? ip : this.#host.ip, port: this.#fabric.freePort(this.#host) },
      remote: { host: ip, port: this.#address.port },
    });
    endpoint.open(() => listener.accept(this.#fabric, endpoint));
    endpoint.expectStart();
    this.#fabric.scheduler.touch();
    this.#race.win(endpoint);
  }

  /** One packet of the handshake. Lost, the whole handshake begins anew. */
  #cross(from: Host, to: Host, onArrival: () => void): void {
    const delay = this.#fabric.transit(from, to, 64);
    this.#later(delay, () => {
      if (this.#fabric.reaches(from, to)) onArrival();
      else this.#retry();
    });
  }

  #retry(): void {
    if (this.#fabric.scheduler.now - this.#startedAt >= this.#fabric.connectTimeoutMs) {
      this.#fail('UNREACHABLE', 'no answer');
      return;
    }
    const delay = this.#retryMs;
    this.#retryMs *= 2;
    this.#later(delay, () => this.#send());
  }

  #later(delay: number, run: () => void): void {
    this.#fabric.scheduler.after(delay, this.#process, 'net.dial', () => {
      if (!this.#isOver) run();
    });
  }

  #fail(code: 'UNREACHABLE' | 'CONNECTION_REFUSED', why: string): void {
    this.#isOver = true;
    this.#fabric.scheduler.touch();
    this.#race.fail(new CairnError(code, `cannot connect to ${showAddress(this.#address)}: ${why}`));
  }
}

function noTls(): CairnError {
  return new CairnError('UNSUPPORTED', 'the simulated network has no TLS; leave `tls` out');
}

export function checkAddress(address: Address, portMin: number): void {
  const { host, port } = address;
  if (host !== '' && Number.isInteger(port) && port >= portMin && port <= 65_535) return;
  throw new CairnError('INVALID_ARGUMENT', `${showAddress(address)} is no address: host, and port ${portMin} to 65535`);
}

function isLoopback(host: string): boolean {
  return host === '127.0.0.1' || host === '::1' || host === 'localhost' || host === '0.0.0.0' || host === '::';
}
