/**
 * Who asks: Signature Version 4 in the `Authorization` header or in the query. Whoever is told here holds the secret key, and signed
 * this method, path, query and these headers; of the body only what `payload` says has been promised, for `body/payload.ts` to check.
 */
import type { WallMs } from '../../base/instants.js';
import type { HeaderMap, S3Request } from '../http/request.js';
import { S3Error } from '../s3-error.js';
import { parseAuthorizationHeader, unsupportedVersion } from './authorization-header.js';
import type { CanonicalTarget } from './canonical-request.js';
import { canonicalRequest, canonicalTarget } from './canonical-request.js';
import type { SignatureSeed } from './chunk-signatures.js';
import type { Claims, ExpectedScope } from './claims.js';
import { scopeText } from './credential-scope.js';
import type { Credentials } from './credentials.js';
import { checkUsable, invalidAccessKey } from './credentials.js';
import { equalSecrets } from './equal-secrets.js';
import type { PayloadMode } from './payload-mode.js';
import { parsePayloadMode, unsignedPayload } from './payload-mode.js';
import { checkExpiry, isPresigned, isPresignedByVersion2, parsePresigned } from './presigned.js';
import type { RequestTime } from './request-time.js';
import { checkSkew, requestTimeOf } from './request-time.js';
import { signatureMismatch } from './signature-mismatch.js';
import type { SigningKeyCache } from './signing-key.js';
import { sign } from './signing-key.js';
import { requestStringToSign } from './string-to-sign.js';

/**
 * Undefined when there are no such credentials. The session token is that of the request, unproven: for credentials that are made
 * from their token instead of being stored.
 */
export type LookUp<Identity> = (
  accessKey: string,
  sessionToken: string | undefined,
) => Promise<Credentials<Identity> | undefined>;

export interface AuthenticateContext<Identity> extends ExpectedScope {
  readonly lookUp: LookUp<Identity>;
  readonly keys: SigningKeyCache;
  /** How far the clock of whoever signs may be off, both ways. S3 allows 15 minutes. */
  readonly maxSkewMs: number;
  /**
   * Hexadecimal SHA-256 of the body. Requests to S3 say it (or that they do not) in `x-amz-content-sha256`; of those to any other
   * service, which are small, the caller reads the body first and hands its hash over.
   */
  readonly bodySha256?: string;
}

export interface Anonymous {
  readonly kind: 'anonymous';
  readonly payload: Exclude<PayloadMode, { readonly kind: 'signed-chunks' }>;
}

export interface Signed<Identity> {
  readonly kind: 'signed';
  /** `s3:authType` of policies: `REST-HEADER`, `REST-QUERY-STRING`. */
  readonly by: 'header' | 'query';
  readonly accessKey: string;
  readonly identity: Identity;
  readonly signedAt: WallMs;
  readonly payload: PayloadMode;
  /** Signatures of the body's chunks, where it has any, start here. */
  readonly seed: SignatureSeed;
}

export type Authentication<Identity> = Anonymous | Signed<Identity>;

export type SignedParts = Pick<S3Request, 'method' | 'target' | 'headers'>;

/** A claim from either place, with what tells how to check it. */
interface Claim {
  readonly claims: Claims;
  readonly by: 'header' | 'query';
  readonly time: RequestTime;
  readonly sessionToken: string | undefined;
  readonly payload: PayloadMode;
  /** The last line of the canonical request. */
  readonly payloadHash: string;
}

/**
 * Throws an `S3Error` for every signature but a right one: nobody who tried to sign passes for anonymous. Checks what costs nothing
 * first, then looks the access key up, then calculates.
 */
export async function authenticate<Identity>(
  request: SignedParts,
  now: WallMs,
  context: AuthenticateContext<Identity>,
): Promise<Authentication<Identity>> {
  const target = canonicalTarget(request.target);
  const claim = claimOf(request.headers, target, now, context);
  if (claim === undefined) return anonymous(request.headers);
  checkSignedHeaders(request.headers, claim);
  const { by, claims, sessionToken, time, payload } = claim;
  const { accessKey } = claims;
  const credentials = await context.lookUp(accessKey, sessionToken);
  if (credentials === undefined) throw invalidAccessKey(accessKey);
  const seed = verifySignature(request, target, claim, credentials.secretKey, context.keys);
  checkUsable(credentials, sessionToken, now);
  return { kind: 'signed', by, accessKey, identity: credentials.identity, signedAt: time.at, payload, seed };
}

function claimOf(
  headers: HeaderMap,
  { parameters }: CanonicalTarget,
  now: WallMs,
  context: AuthenticateContext<unknown>,
): Claim | undefined {
  const header = headers.get('authorization');
  const isByQuery = isPresigned(parameters);
  const isByVersion2 = isPresignedByVersion2(parameters);
  if (header !== undefined && (isByQuery || isByVersion2)) throw twoMechanisms(header);
  if (isByVersion2) throw unsupportedVersion('Signature Version 2');
  if (header !== undefined) return claimOfHeader(header, headers, now, context);
  return isByQuery ? claimOfQuery(parameters, headers, now, context) : undefined;
}

function claimOfHeader(header: string, headers: HeaderMap, now: WallMs, context: AuthenticateContext<unknown>): Claim {
  const claims = parseAuthorizationHeader(header, context);
  const time = requestTimeOf(headers);
  if (!time.stamp.startsWith(claims.scope.date)) {
    const message = `The authorization header is malformed; the date of its credential is not that of the request, ${time.stamp}.`;
    throw new S3Error('AuthorizationHeaderMalformed', { message });
  }
  checkSkew(time, now, context.maxSkewMs);
  const payloadHash = context.bodySha256 ?? headers.get('x-amz-content-sha256');
  if (payloadHash === undefined) {
    const message = 'A signed request needs the header x-amz-content-sha256.';
    throw new S3Error('InvalidRequest', { message });
  }
  const sessionToken = headers.get('x-amz-security-token');
  return { claims, by: 'header', time, sessionToken, payload: parsePayloadMode(payloadHash), payloadHash };
}

function claimOfQuery(
  parameters: CanonicalTarget['parameters'],
  headers: HeaderMap,
  now: WallMs,
  context: AuthenticateContext<unknown>,
): Claim {
  const claims = parsePresigned(parameters, context);
  if (!claims.time.stamp.startsWith(claims.scope.date)) {
    const message = `The presigned URL is malformed; the date of its credential is not that of X-Amz-Date.`;
    throw new S3Error('AuthorizationQueryParametersError', { message });
  }
  checkExpiry(claims, now, context.maxSkewMs);
  // A header that was not signed tells how the body is framed, or its hash, but whoever made the URL left the body open.
  const header = headers.get('x-amz-content-sha256');
  const signedHeader = claims.signedHeaders.includes('x-amz-content-sha256') ? header : undefined;
  const payloadHash = context.bodySha256 ?? claims.payload ?? signedHeader ?? unsignedPayload;
  const payload = parsePayloadMode(context.bodySha256 ?? claims.payload ?? header ?? unsignedPayload);
  const { time, sessionToken } = claims;
  return { claims, by: 'query', time, sessionToken, payload, payloadHash };
}

/** Without a signature nothing is promised, but a hash that is given must be right, and the framing must be known. */
function anonymous(headers: HeaderMap): Anonymous {
  const payload = parsePayloadMode(headers.get('x-amz-content-sha256') ?? unsignedPayload);
  if (payload.kind === 'signed-chunks') {
    throw new S3Error('InvalidRequest', { message: 'The chunks of a body cannot be signed where the request is not.' });
  }
  return { kind: 'anonymous', payload };
}

/**
 * `host` and every `x-amz-…` must be signed: whoever catches a request, or is given a URL, could add one otherwise. Of a presigned URL
 * `x-amz-content-sha256` is left out, since it gives nothing: the body is open.
 */
function checkSignedHeaders(headers: HeaderMap, { by, claims }: Claim): void {
  const signed = new Set(claims.signedHeaders);
  const unsigned: string[] = signed.has('host') ? [] : ['host'];
  for (const name of headers.keys()) {
    if (!name.startsWith('x-amz-') || signed.has(name)) continue;
    if (by === 'header' || name !== 'x-amz-content-sha256') unsigned.push(name);
  }
  if (unsigned.length === 0) return;
  throw new S3Error('AccessDenied', {
    message: 'There are headers in the request that must be signed and are not.',
    fields: { HeadersNotSigned: unsigned.join(', ') },
  });
}

function verifySignature(
  { method, headers }: SignedParts,
  { path, parameters }: CanonicalTarget,
  { claims, time, payloadHash }: Claim,
  secretKey: string,
  keys: SigningKeyCache,
): SignatureSeed {
  const { accessKey, scope, signedHeaders, signature } = claims;
  const canonical = canonicalRequest({ method, path, parameters, headers, signedHeaders, payloadHash });
  const signing = { stamp: time.stamp, scope: scopeText(scope) };
  const stringToSign = requestStringToSign(signing, canonical);
  const key = keys.keyFor(accessKey, secretKey, scope);
  if (!equalSecrets(sign(key, stringToSign), signature)) {
    throw signatureMismatch({ accessKey, stringToSign, signature, canonicalRequest: canonical });
  }
  return { stamp: signing.stamp, scope: signing.scope, signature, key };
}

function twoMechanisms(header: string): S3Error {
  return new S3Error('InvalidArgument', {
    message: 'Only one way to sign is allowed: the Authorization header or parameters of the query, not both.',
    fields: { ArgumentName: 'Authorization', ArgumentValue: header },
  });
}
