/** What becomes of one HTTP request, whoever carries it: the same code behind real sockets and in simulation. */
import { utf8Bytes } from '../base/bytes.js';
import { CairnError, isCairnError } from '../base/errors.js';
import { invariant } from '../base/invariant.js';
import { monotonicMs } from '../base/instants.js';
import type { Clock } from './clock.js';
import type { HttpHandler, HttpListenOptions, HttpRequest, HttpResponse } from './http.js';
import type { Logger } from './log.js';
import { raceWithWait } from './wait.js';

/** A request as it arrived. */
export interface RawHttpRequest {
  readonly method: string;
  /** Path and query, as in the request line. */
  readonly target: string;
  readonly headers: ReadonlyMap<string, string>;
}

/** What is sent, to the byte; `content-length` is that of GET for HEAD too. */
export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface HttpLimits {
  readonly connectionsMax: number;
  readonly headersMs: number;
  readonly handlerMs: number;
}

/** Throws `INVALID_ARGUMENT` for limits below 1. */
export function httpLimits(options: HttpListenOptions): HttpLimits {
  const { connectionsMax = 64, headersMs = 5_000, handlerMs = 10_000 } = options;
  for (const [name, value] of Object.entries({ connectionsMax, headersMs, handlerMs })) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new CairnError('INVALID_ARGUMENT', `${name} is ${value}; it must be a whole number of at least 1`);
  }
  return { connectionsMax, headersMs, handlerMs };
}

export class HttpExchange {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #handler: HttpHandler;
  readonly #limits: HttpLimits;
  #inProgress = 0;

  constructor(clock: Clock, log: Logger, handler: HttpHandler, limits: HttpLimits) {
    this.#clock = clock;
    this.#log = log;
    this.#handler = handler;
    this.#limits = limits;
  }

  /** Never rejects. */
  async answer(raw: RawHttpRequest): Promise<HttpAnswer> {
    const { method, target, headers } = raw;
    if (method !== 'GET' && method !== 'HEAD') {
      const answer = refusal(405, `${method} is not allowed here; use GET or HEAD`);
      return { ...answer, headers: { ...answer.headers, allow: 'GET, HEAD' } };
    }
    const answer = await this.#answerTo(method, target, headers);
    return method === 'HEAD' ? { ...answer, body: new Uint8Array(0) } : answer;
  }

  async #answerTo(method: 'GET' | 'HEAD', target: string, headers: ReadonlyMap<string, string>): Promise<HttpAnswer> {
    if (hasBody(headers)) return refusal(413, 'this port takes no request bodies; send the request without one');
    if (!target.startsWith('/')) return refusal(400, 'the request names no path; begin it with a slash');
    // Pipelined requests would otherwise all be in progress at once.
    if (this.#inProgress >= this.#limits.connectionsMax) return refusal(503, 'too many requests at once; retry later');
    const [path, query] = splitOnce(target, '?');
    this.#inProgress += 1;
    try {
      return asAnswer(await this.#handle({ method, path, query: new URLSearchParams(query), headers }));
    } catch (error) {
      if (isCairnError(error, 'DEADLINE_EXCEEDED')) return refusal(503, 'the answer took too long; retry later');
      this.#log.error({ err: error, path }, 'a request to the admin port failed');
      return refusal(500, 'this request met an unexpected error; the log of the daemon has it');
    } finally {
      this.#inProgress -= 1;
    }
  }

  /** The handler cannot be stopped; what it answers too late is dropped, its late failure too. */
  #handle(request: HttpRequest): Promise<HttpResponse> {
    const deadline = monotonicMs(this.#clock.now() + this.#limits.handlerMs);
    return raceWithWait<HttpResponse>(this.#clock, { deadline }, request.path, (race) => {
      callHandler(this.#handler, request).then(
        (response) => race.win(response),
        (error: CairnError) => race.fail(error),
      );
      return () => undefined;
    });
  }
}

/** Also turns what a handler throws at once, and what is no `CairnError`, into a rejection with one. */
async function callHandler(handler: HttpHandler, request: HttpRequest): Promise<HttpResponse> {
  try {
    return await handler(request);
  } catch (error) {
    throw new CairnError('INTERNAL', `the handler of ${request.path} failed`, { cause: error });
  }
}

function asAnswer(response: HttpResponse): HttpAnswer {
  const { status, contentType } = response;
  invariant(Number.isInteger(status) && status >= 200 && status <= 599, 'a status is 200 to 599', { status });
  invariant(/^[\x20-\x7e]+$/.test(contentType), 'a content type is printable', { contentType });
  const body = typeof response.body === 'string' ? utf8Bytes(response.body) : response.body;
  return {
    status,
    headers: {
      'content-type': contentType,
      'content-length': String(body.byteLength),
      // The answers are of this moment, and a browser shall not guess what they are.
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
    body,
  };
}

function refusal(status: number, sentence: string): HttpAnswer {
  return asAnswer({ status, contentType: 'text/plain; charset=utf-8', body: `${sentence}\n` });
}

function hasBody(headers: ReadonlyMap<string, string>): boolean {
  return headers.has('transfer-encoding') || Number(headers.get('content-length') ?? 0) !== 0;
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}
