/**
 * HTTP in simulation: no bytes, only requests and answers. Tests ask through `machine.httpGet`; what happens to a request
 * behind the port is the code of production.
 */
import { CairnError } from '../../base/errors.js';
import type { Clock } from '../clock.js';
import { HttpExchange, httpLimits, type HttpAnswer, type RawHttpRequest } from '../http-exchange.js';
import type { HttpHandler, HttpListener, HttpListenOptions, HttpServerFactory } from '../http.js';
import type { Logger } from '../log.js';
import type { Address } from '../network.js';
import { type Fabric, type Host, type HostListener, showAddress } from './fabric.js';
import type { Resource, SimProcess } from './process.js';
import { checkAddress } from './sim-network.js';

/** A system call that waits for nothing, and a request or an answer on its way, in ms. */
const callMs = 0.01;
const wayMs = 0.1;

export class SimHttpServers implements HttpServerFactory {
  readonly #process: SimProcess;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #fabric: Fabric;
  readonly #host: Host;

  constructor(process: SimProcess, clock: Clock, log: Logger, fabric: Fabric, host: Host) {
    this.#process = process;
    this.#clock = clock;
    this.#log = log;
    this.#fabric = fabric;
    this.#host = host;
  }

  async listen(address: Address, handler: HttpHandler, options: HttpListenOptions = {}): Promise<HttpListener> {
    checkAddress(address, 0);
    const exchange = new HttpExchange(this.#clock, this.#log, handler, httpLimits(options));
    return await this.#process.operation('http.listen', callMs, () => {
      return new SimHttpListener(this.#process, this.#host, this.#fabric.claim(this.#host, address), exchange);
    });
  }
}

export class SimHttpListener implements HttpListener, HostListener, Resource {
  readonly address: Address;
  readonly #process: SimProcess;
  readonly #host: Host;
  readonly #exchange: HttpExchange;
  /** Requests without an answer yet. */
  readonly #asking = new Set<(error: CairnError) => void>();

  constructor(process: SimProcess, host: Host, address: Address, exchange: HttpExchange) {
    this.#process = process;
    this.#host = host;
    this.address = address;
    this.#exchange = exchange;
    host.listeners.add(this);
    process.resources.add(this);
  }

  async close(): Promise<void> {
    this.#unlisten();
    await this.#process.operation('http.unlisten', callMs, () => undefined);
  }

  /** Rejects with `CONNECTION_LOST` when the process or its machine dies first. */
  ask(request: RawHttpRequest): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      this.#asking.add(reject);
      this.#process.wake('http.request', wayMs, () => {
        void this.#exchange.answer(request).then((answer) => {
          this.#asking.delete(reject);
          resolve({ ...answer, body: new Uint8Array(answer.body) });
        });
      });
    });
  }

  onProcessDeath(): void {
    this.#unlisten();
    this.vanish();
  }

  vanish(): void {
    for (const reject of this.#asking) {
      reject(new CairnError('CONNECTION_LOST', `${showAddress(this.address)} died before it answered`));
    }
    this.#asking.clear();
    this.#process.scheduler.touch();
  }

  describeWaiting(): string {
    return `serves HTTP at ${showAddress(this.address)}`;
  }

  #unlisten(): void {
    this.#host.listeners.delete(this);
    this.#process.resources.delete(this);
  }
}
