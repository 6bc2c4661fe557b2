/** Signs as a client does, written from AWS's description alone: nothing of the product is used, so that one checks the other. */
import { createHash, createHmac } from 'node:crypto';

export interface Keys {
  readonly accessKey: string;
  readonly secretKey: string;
}

export interface Scope {
  readonly region: string;
  readonly service: string;
  /** `20130524T000000Z` */
  readonly stamp: string;
}

/** Already in its canonical spelling, with sorted parameters. */
export interface ClientRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payloadHash: string;
}

/** AWS's examples use these. */
export const exampleKeys: Keys = {
  accessKey: 'AKIAIOSFODNN7EXAMPLE',
  secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
export const exampleScope: Scope = { region: 'us-east-1', service: 's3', stamp: '20130524T000000Z' };

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

export function scopeOf({ region, service, stamp }: Scope): string {
  return `${stamp.slice(0, 8)}/${region}/${service}/aws4_request`;
}

export function hmacOf(keys: Keys, scope: Scope, text: string): string {
  let key: Uint8Array = Buffer.from(`AWS4${keys.secretKey}`);
  for (const part of scopeOf(scope).split('/')) key = createHmac('sha256', key).update(part).digest();
  return createHmac('sha256', key).update(text).digest('hex');
}

export function signatureOf(request: ClientRequest, keys: Keys, scope: Scope): string {
  const names = Object.keys(request.headers).sort();
  const canonical = [
    request.method,
    request.path,
    request.query,
    ...names.map((name) => `${name}:${request.headers[name] ?? ''}`),
    '',
    names.join(';'),
    request.payloadHash,
  ].join('\n');
  return hmacOf(keys, scope, `AWS4-HMAC-SHA256\n${scope.stamp}\n${scopeOf(scope)}\n${sha256(canonical)}`);
}

/** The value of the `Authorization` header. */
export function authorizationOf(request: ClientRequest, keys: Keys, scope: Scope): string {
  const names = Object.keys(request.headers).sort().join(';');
  const signature = signatureOf(request, keys, scope);
  return `AWS4-HMAC-SHA256 Credential=${keys.accessKey}/${scopeOf(scope)}, SignedHeaders=${names}, Signature=${signature}`;
}

export interface ChunkedBody {
  readonly chunks: readonly Uint8Array[];
  /** Undefined: not signed. */
  readonly signing?: { readonly keys: Keys; readonly scope: Scope; readonly seed: string };
  /** Lines `name:value`; undefined where the mode has no trailers. */
  readonly trailers?: readonly string[];
  /** Between trailers and before the end. Default CRLF. */
  readonly trailerEnd?: string;
}

/** As it goes over the wire. */
export function frame({ chunks, signing, trailers, trailerEnd = '\r\n' }: ChunkedBody): Buffer {
  const pieces: Uint8Array[] = [];
  let previous = signing?.seed ?? '';
  const next = (kind: string, ...rest: string[]): string => {
    if (signing === undefined) return '';
    const { keys, scope } = signing;
    const text = [`AWS4-HMAC-SHA256-${kind}`, scope.stamp, scopeOf(scope), previous, ...rest].join('\n');
    previous = hmacOf(keys, scope, text);
    return previous;
  };
  for (const chunk of [...chunks, new Uint8Array(0)]) {
    const signature = next('PAYLOAD', sha256(''), sha256(chunk));
    const extension = signature === '' ? '' : `;chunk-signature=${signature}`;
    pieces.push(Buffer.from(`${chunk.byteLength.toString(16)}${extension}\r\n`), chunk);
    if (chunk.byteLength > 0) pieces.push(Buffer.from('\r\n'));
  }
  if (trailers !== undefined) {
    for (const line of trailers) pieces.push(Buffer.from(`${line}${trailerEnd}`));
    const signature = next('TRAILER', sha256(trailers.map((line) => `${line}\n`).join('')));
    if (signature !== '') pieces.push(Buffer.from(`x-amz-trailer-signature:${signature}\r\n`));
  }
  pieces.push(Buffer.from('\r\n'));
  return Buffer.concat(pieces);
}
