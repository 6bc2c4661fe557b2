/** An S3 request, free of sockets: `node:http` makes one, so does the simulation. */

/** Names in lower case. Of several headers of one name, the values joined by `,`. Values are UTF-8 text, not Node's latin1. */
export type HeaderMap = ReadonlyMap<string, string>;

/**
 * The body as it arrives, still framed by `aws-chunked` where the client did that, but not by HTTP's own chunks. Each piece is
 * the reader's only until it asks for the next one. Not to read it to its end is allowed. It throws a `CairnError` of
 * `CONNECTION_LOST` when the client goes away, and of `DEADLINE_EXCEEDED` when it is too slow.
 */
export type BodySource = AsyncIterable<Uint8Array>;

export interface S3Request {
  /** 16 hex digits in upper case: `x-amz-request-id`, and the `trace` of all that is done for it. */
  readonly id: string;
  /** In upper case. */
  readonly method: string;
  /** Path and query as in the request line, percent-encoded as the client sent them: signatures cover that. */
  readonly target: string;
  readonly headers: HeaderMap;
  readonly isSecure: boolean;
  /** Of the client, without its port, for the access log. */
  readonly remoteAddress: string;
  readonly body: BodySource;
  /** `Expect: 100-continue`: sends `100 Continue`, once, before the body is read. Nothing where the client did not ask. */
  readonly sendContinue: () => void;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}
