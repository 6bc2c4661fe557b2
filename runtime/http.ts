/**
 * A small HTTP server for people and monitoring: `/metrics`, `/healthz`. It answers GET and HEAD from memory, takes no
 * bodies, and nothing that arrives at its port may harm the daemon. (S3 is served by the gateway's own shell.)
 */
import type { Address } from './network.js';

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD';
  /** As sent, without the query and not percent-decoded: `/metrics`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case; of several headers of one name, the values joined by `, `. */
  readonly headers: ReadonlyMap<string, string>;
}

export interface HttpResponse {
  /** 200 to 599. */
  readonly status: number;
  readonly contentType: string;
  /** Lent to the server until the response is sent. For HEAD it is measured and not sent. */
  readonly body: Uint8Array | string;
}

/** A handler that throws, or takes longer than `handlerMs`, costs its request an error and nothing else. */
export type HttpHandler = (request: HttpRequest) => Promise<HttpResponse>;

export interface HttpListenOptions {
  /** Connections at once; further ones are closed at once. Also the requests in progress: beyond it 503. Default 64. */
  readonly connectionsMax?: number;
  /** From the connection, or the previous answer, to the end of a request's headers. Default 5,000. */
  readonly headersMs?: number;
  /** What a handler may take; then 503. Default 10,000: Prometheus gives up by then. */
  readonly handlerMs?: number;
}

export interface HttpListener {
  /** With the real port. */
  readonly address: Address;
  /** Stops accepting, gives the requests in progress a moment, and then closes every connection. Idempotent. */
  close(): Promise<void>;
}

export interface HttpServerFactory {
  /** Errors: `ADDRESS_IN_USE`, `PERMISSION_DENIED`, `UNREACHABLE`, `INVALID_ARGUMENT`. `port` 0 picks a free one. */
  listen(address: Address, handler: HttpHandler, options?: HttpListenOptions): Promise<HttpListener>;
}
