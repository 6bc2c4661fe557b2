/** The admin port of the machine, over `node:http`. Every limit that a stranger could lean on is set here. */
import * as http from 'node:http';
import type { Clock } from '../clock.js';
import { HttpExchange, httpLimits, type HttpAnswer, type HttpLimits } from '../http-exchange.js';
import type { HttpHandler, HttpListener, HttpListenOptions, HttpServerFactory } from '../http.js';
import type { Logger } from '../log.js';
import type { Address } from '../network.js';
import { checkAddress, showAddress } from './address.js';
import { fromErrno } from './errno.js';

/** Request line and headers together. A scraper sends some hundred bytes. */
const headerBytesMax = 8_192;
const headersMax = 64;

/** Requests over one connection, so that none is held for ever. */
const requestsPerConnectionMax = 10_000;

/** A connection that neither sends nor takes anything for so long is closed: also a reader that stopped reading. */
const idleMs = 60_000;

/** How often Node looks for requests that exceed their time. */
const checkIntervalMs = 1_000;

/** What requests in progress get when the listener closes. */
const drainMs = 1_000;

export class NodeHttpServers implements HttpServerFactory {
  readonly #clock: Clock;
  readonly #log: Logger;

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  async listen(address: Address, handler: HttpHandler, options: HttpListenOptions = {}): Promise<HttpListener> {
    checkAddress(address, 0);
    const limits = httpLimits(options);
    const exchange = new HttpExchange(this.#clock, this.#log, handler, limits);
    const server = makeServer(limits);
    server.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => {
      respond(exchange, request, response).catch((error: unknown) => {
        this.#log.debug({ err: error }, 'an answer of the admin port could not be sent');
        response.destroy();
      });
    });
    await listening(server, address);
    server.on('error', (error) => {
      this.#log.warn({ err: error, address: showAddress(address) }, 'the admin port could not accept a connection');
    });
    return new NodeHttpListener(server, this.#clock);
  }
}

function makeServer(limits: HttpLimits): http.Server {
  const server = http.createServer({
    maxHeaderSize: headerBytesMax,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.headersMs,
    keepAliveTimeout: limits.headersMs,
    connectionsCheckingInterval: Math.min(checkIntervalMs, limits.headersMs),
    noDelay: true,
  });
  server.maxConnections = limits.connectionsMax;
  server.maxHeadersCount = headersMax;
  server.maxRequestsPerSocket = requestsPerConnectionMax;
  server.timeout = Math.max(idleMs, 2 * limits.handlerMs);
  // To what is no HTTP request Node itself answers 400, 408 or 431 and closes the connection.
  // A tunnel (CONNECT) is closed by Node; an upgrade is answered like any other request.
  return server;
}

async function respond(
  exchange: HttpExchange,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  response.on('error', () => undefined);
  const { method = '', url = '' } = request;
  send(response, await exchange.answer({ method, target: url, headers: headersOf(request) }));
  // What it still sends (a refused body) is read by nobody: the connection goes with the answer.
  if (!request.complete) request.socket.destroySoon();
}

function send(response: http.ServerResponse, answer: HttpAnswer): void {
  // After a refusal, what follows on the connection may be the body that was refused.
  const headers = answer.status >= 400 ? { ...answer.headers, connection: 'close' } : answer.headers;
  response.writeHead(answer.status, headers);
  response.end(answer.body);
}

function headersOf(request: http.IncomingMessage): Map<string, string> {
  const headers = new Map<string, string>();
  for (const [name, values] of Object.entries(request.headersDistinct)) headers.set(name, (values ?? []).join(', '));
  return headers;
}

class NodeHttpListener implements HttpListener {
  readonly address: Address;
  readonly #server: http.Server;
  readonly #clock: Clock;
  #closing: Promise<void> | undefined;

  constructor(server: http.Server, clock: Clock) {
    this.#server = server;
    this.#clock = clock;
    const bound = server.address();
    this.address =
      typeof bound === 'object' && bound !== null ? { host: bound.address, port: bound.port } : { host: '', port: 0 };
  }

  close(): Promise<void> {
    this.#closing ??= this.#drain();
    return this.#closing;
  }

  #drain(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.after(drainMs, () => {
        this.#server.closeAllConnections();
      });
      this.#server.close(() => {
        timer.cancel();
        resolve();
      });
    });
  }
}

function listening(server: http.Server, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => {
      reject(fromErrno(error, `cannot serve HTTP at ${showAddress(address)}`, 'UNREACHABLE'));
    };
    server.once('error', onError);
    server.listen({ host: address.host, port: address.port }, () => {
      server.off('error', onError);
      resolve();
    });
  });
}
