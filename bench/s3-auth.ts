/**
 * What it costs the gateway to know who asks, and to take bodies out of their framing: CPU of this process, for each request and for
 * each MiB, medians of several rounds. `node dist/bench/s3-auth.js [--json]`. Beside bodies stands what hashing them alone costs.
 */
import { createHash } from 'node:crypto';
import { wallMs } from '../base/instants.js';
import type { SignedParts } from '../gateway/auth/authenticate.js';
import { authenticate } from '../gateway/auth/authenticate.js';
import { deriveSigningKey, SigningKeyCache } from '../gateway/auth/signing-key.js';
import { AwsChunkedBody } from '../gateway/body/aws-chunked.js';
import { verifiedPayload } from '../gateway/body/payload-hash.js';
import type { BodySource } from '../gateway/http/request.js';
import {
  authorizationOf,
  exampleKeys,
  exampleScope,
  frame,
  scopeOf,
  sha256,
  signatureOf,
} from '../test/gateway/auth/signer.js';

interface Result {
  readonly name: string;
  readonly microseconds: number;
}

const roundCount = 9;
const MiB = 1024 * 1024;
const bodyBytes = 8 * MiB;
/** As sockets hand them on. */
const pieceBytes = 64 * 1024;

const now = wallMs(1_369_353_600_000);
const keys = new SigningKeyCache();
const context = {
  region: exampleScope.region,
  service: exampleScope.service,
  maxSkewMs: 900_000,
  keys,
  lookUp: async () => ({ ...exampleKeys, identity: 'user', isSuspended: false }),
};

const results: Result[] = [];
await measureRequests();
await measureBodies();
process.stdout.write(process.argv.includes('--json') ? `${JSON.stringify(results)}\n` : table());

async function measureRequests(): Promise<void> {
  const requests = {
    'GET, signed in its header': get(),
    'PUT, signed in its header': put(),
    'GET, presigned': presigned(),
  };
  for (const [name, request] of Object.entries(requests)) {
    await measure(name, 20_000, async (count) => {
      for (let i = 0; i < count; i++) await authenticate(request, now, context);
    });
  }
  await measure('GET, signed, its key not in the cache', 20_000, async (count) => {
    for (let i = 0; i < count; i++) await authenticate(get(), now, { ...context, keys: new SigningKeyCache(1) });
  });
}

async function measureBodies(): Promise<void> {
  const seedSignature = sha256('');
  const bytes = Buffer.alloc(bodyBytes, 'cairn');
  const scope = { date: exampleScope.stamp.slice(0, 8), region: exampleScope.region, service: exampleScope.service };
  const seed = {
    signature: seedSignature,
    key: deriveSigningKey(exampleKeys.secretKey, scope),
    stamp: exampleScope.stamp,
    scope: scopeOf(exampleScope),
  };
  const signing = { keys: exampleKeys, scope: exampleScope, seed: seedSignature };
  for (const [label, chunkBytes] of [
    ['8 KiB', 8192],
    ['64 KiB', 65_536],
    ['1 MiB', MiB],
  ] as const) {
    const chunks = pieces(bytes, chunkBytes);
    const signed = pieces(frame({ chunks, signing }), pieceBytes);
    const unsigned = pieces(frame({ chunks, trailers: [] }), pieceBytes);
    const options = { decodedBytes: bodyBytes };
    await measure(`signed chunks of ${label}, a MiB`, bodyBytes / MiB, async () =>
      drain(new AwsChunkedBody(source(signed), { ...options, seed, trailers: undefined })),
    );
    await measure(`unsigned chunks of ${label}, a MiB`, bodyBytes / MiB, async () =>
      drain(new AwsChunkedBody(source(unsigned), { ...options, seed: undefined, trailers: [] })),
    );
  }
  const plain = pieces(bytes, pieceBytes);
  const hash = sha256(bytes);
  await measure('a hash of all, a MiB', bodyBytes / MiB, async () => drain(verifiedPayload(source(plain), hash)));
  await measure('SHA-256 alone, a MiB', bodyBytes / MiB, async () => {
    const alone = createHash('sha256');
    for (const piece of plain) alone.update(piece);
    alone.digest('hex');
  });
}

async function measure(name: string, count: number, run: (count: number) => Promise<void>): Promise<void> {
  const costs: number[] = [];
  for (let round = 0; round <= roundCount; round++) {
    const before = process.cpuUsage();
    await run(count);
    const { user, system } = process.cpuUsage(before);
    // The first one warms up.
    if (round > 0) costs.push((user + system) / count);
  }
  costs.sort((a, b) => a - b);
  results.push({ name, microseconds: costs[Math.floor(roundCount / 2)] ?? 0 });
}

function get(): SignedParts {
  const headers = { host: 'bucket.s3.example', 'x-amz-content-sha256': sha256(''), 'x-amz-date': exampleScope.stamp };
  return signed('GET', '/photos/2013/05/24/a%20picture.jpg', '', headers);
}

function put(): SignedParts {
  return signed('PUT', '/bucket/photos/2013/05/24/a%20picture.jpg', 'x-id=PutObject', {
    'content-encoding': 'aws-chunked',
    'content-type': 'image/jpeg',
    host: 's3.example',
    'x-amz-acl': 'private',
    'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    'x-amz-date': exampleScope.stamp,
    'x-amz-decoded-content-length': '1024',
    'x-amz-meta-camera': 'a camera',
    'x-amz-sdk-checksum-algorithm': 'CRC32',
    'x-amz-trailer': 'x-amz-checksum-crc32',
  });
}

function signed(method: string, path: string, query: string, headers: Readonly<Record<string, string>>): SignedParts {
  const payloadHash = headers['x-amz-content-sha256'] ?? '';
  const authorization = authorizationOf({ method, path, query, headers, payloadHash }, exampleKeys, exampleScope);
  const unsigned = { 'user-agent': 'bench', accept: '*/*', connection: 'keep-alive' };
  const all = new Map(Object.entries({ ...unsigned, ...headers, authorization }));
  return { method, target: query === '' ? path : `${path}?${query}`, headers: all };
}

function presigned(): SignedParts {
  const credential = encodeURIComponent(`${exampleKeys.accessKey}/${scopeOf(exampleScope)}`);
  const query =
    `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${credential}&X-Amz-Date=${exampleScope.stamp}` +
    `&X-Amz-Expires=3600&X-Amz-SignedHeaders=host`;
  const headers = { host: 's3.example' };
  const request = { method: 'GET', path: '/bucket/picture.jpg', query, headers, payloadHash: 'UNSIGNED-PAYLOAD' };
  const target = `${request.path}?${query}&X-Amz-Signature=${signatureOf(request, exampleKeys, exampleScope)}`;
  return { method: 'GET', target, headers: new Map(Object.entries(headers)) };
}

function pieces(bytes: Uint8Array, each: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.byteLength / each) }, (_, i) => bytes.subarray(i * each, (i + 1) * each));
}

async function* source(pieces: readonly Uint8Array[]): BodySource {
  for (const piece of pieces) yield piece;
}

async function drain(body: BodySource): Promise<void> {
  for await (const _piece of body);
}

function table(): string {
  const width = Math.max(...results.map(({ name }) => name.length));
  return results
    .map(({ name, microseconds }) => `${name.padEnd(width)}  ${microseconds.toFixed(1).padStart(8)} us\n`)
    .join('');
}
