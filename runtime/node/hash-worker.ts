/** The other side of `hashing.ts`: a thread that hashes what it finds in shared memory. */
import { parentPort } from 'node:worker_threads';
import { createHasher, type HashAlgorithm, type Hasher } from '../hasher.js';

/** Of one stream, in order. `stream` is a number that its thread never had before. */
export type HashWorkerRequest =
  | { readonly kind: 'start'; readonly stream: number; readonly algorithms: readonly HashAlgorithm[] }
  /** Hashes all of `bytes`, a view of shared memory, which is left alone until `hashed`. */
  | { readonly kind: 'update'; readonly stream: number; readonly bytes: Uint8Array }
  | { readonly kind: 'finish'; readonly stream: number }
  | { readonly kind: 'abandon'; readonly stream: number };

export type HashWorkerReply =
  /** To each `update`, in order. */
  | { readonly kind: 'hashed'; readonly stream: number }
  /** To `finish`, and, without digests, to `abandon`: the last of a stream. */
  | {
      readonly kind: 'ended';
      readonly stream: number;
      readonly digests: readonly (readonly [HashAlgorithm, Uint8Array])[];
    };

const streams = new Map<number, ReadonlyMap<HashAlgorithm, Hasher>>();

parentPort?.on('message', (request: HashWorkerRequest) => {
  const reply = answer(request);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows, not for threads
  if (reply !== undefined) parentPort?.postMessage(reply);
});

/** What it throws ends the thread, and fails the streams that it had. */
function answer(request: HashWorkerRequest): HashWorkerReply | undefined {
  const { stream } = request;
  if (request.kind === 'start') {
    streams.set(stream, new Map(request.algorithms.map((algorithm) => [algorithm, createHasher(algorithm)])));
    return undefined;
  }
  const hashers = streams.get(stream);
  if (hashers === undefined) throw new Error(`no stream ${stream}`);
  if (request.kind === 'update') {
    for (const hasher of hashers.values()) hasher.update(request.bytes);
    return { kind: 'hashed', stream };
  }
  streams.delete(stream);
  const ended = request.kind === 'finish' ? [...hashers] : [];
  return {
    kind: 'ended',
    stream,
    digests: ended.map(([algorithm, hasher]) => [algorithm, new Uint8Array(hasher.digest())]),
  };
}
