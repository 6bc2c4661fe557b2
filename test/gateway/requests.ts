/** Requests for tests. */
import type { BodySource, S3Request } from '../../gateway/http/request.js';

export interface RequestParts {
  readonly method?: string;
  readonly target?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly pieces?: readonly Uint8Array[];
}

export function requestOf({ method = 'GET', target = '/', headers = {}, pieces = [] }: RequestParts): S3Request {
  return {
    id: '0123456789ABCDEF',
    method,
    target,
    headers: new Map(Object.entries(headers)),
    isSecure: false,
    remoteAddress: '127.0.0.1',
    body: sourceOf(pieces),
    sendContinue: () => {},
    signal: new AbortController().signal,
  };
}

export async function* sourceOf(pieces: Iterable<Uint8Array>): BodySource {
  for (const piece of pieces) yield piece;
}

export async function readAll(source: BodySource): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}
