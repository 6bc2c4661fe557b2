/** `Hashing` of production: long streams in other threads, short ones here. docs/NODE-LIMITS.md, section 8, has the figures. */
import { availableParallelism } from 'node:os';
import { CairnError } from '../../base/errors.js';
import type { HashAlgorithm } from '../hasher.js';
import type { Hashing, HashStream } from '../hashing.js';
import { InThreadHashing } from '../in-thread-hashing.js';
import { HashThread } from './hash-thread.js';
import { HashThreadStream, type Slabs } from './hash-thread-stream.js';

export interface NodeHashingOptions {
  /** Default: one less than there are cores, but 1 to 4: two take what a 10 Gbit/s network brings. They start when they are needed. */
  readonly threadsMax?: number;
  /** Streams in threads at once, each with two slabs; what is above is hashed in this thread. Default 128: 64 MiB. */
  readonly streamsMax?: number;
  /** Streams expected to be shorter are hashed in this thread. Default 256 KiB: that holds it 0.6 ms, a stream elsewhere 0.1. */
  readonly threadBytesMin?: number;
  /** Default 256 KiB. Larger ones save little: messages are a tenth of the cost by then. */
  readonly slabBytes?: number;
}

export interface HashingLoad {
  /** In threads, at present. */
  readonly threadStreams: number;
  /** That would have gone to a thread, had there been room, since the start. */
  readonly overflowed: number;
}

export class NodeHashing implements Hashing {
  readonly #options: Required<NodeHashingOptions>;
  readonly #here = new InThreadHashing();
  readonly #threads: HashThread[] = [];
  /** At most as many as there ever were streams at once. */
  readonly #freeSlabs: Slabs[] = [];
  #threadStreams = 0;
  #overflowed = 0;
  #isClosed = false;

  constructor(options: NodeHashingOptions = {}) {
    this.#options = {
      threadsMax: options.threadsMax ?? Math.min(Math.max(availableParallelism() - 1, 1), 4),
      streamsMax: options.streamsMax ?? 128,
      threadBytesMin: options.threadBytesMin ?? 256 * 1024,
      slabBytes: options.slabBytes ?? 256 * 1024,
    };
  }

  get load(): HashingLoad {
    return { threadStreams: this.#threadStreams, overflowed: this.#overflowed };
  }

  /** Throws `CLOSED` after `close`. */
  start(algorithms: readonly HashAlgorithm[], expectedBytes: number | undefined): HashStream {
    if (this.#isClosed) throw new CairnError('CLOSED', 'no more digests are calculated here');
    const { threadBytesMin, streamsMax } = this.#options;
    if (expectedBytes !== undefined && expectedBytes < threadBytesMin) return this.#here.start(algorithms);
    if (this.#threadStreams >= streamsMax) {
      this.#overflowed += 1;
      return this.#here.start(algorithms);
    }
    this.#threadStreams += 1;
    return new HashThreadStream(this.#leastLoaded(), algorithms, this.#takeSlabs(), (slabs) => {
      this.#threadStreams -= 1;
      if (slabs !== undefined) this.#freeSlabs.push(slabs);
    });
  }

  /** Streams that are under way fail with `CLOSED`. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#threads.slice().map((thread) => thread.close()));
  }

  #leastLoaded(): HashThread {
    const [first] = this.#threads.toSorted((a, b) => a.streamCount - b.streamCount);
    if (first !== undefined && (first.streamCount === 0 || this.#threads.length >= this.#options.threadsMax))
      return first;
    const thread = new HashThread((lost) => {
      this.#threads.splice(this.#threads.indexOf(lost), 1);
    });
    this.#threads.push(thread);
    return thread;
  }

  #takeSlabs(): Slabs {
    const free = this.#freeSlabs.pop();
    if (free !== undefined) return free;
    const { slabBytes } = this.#options;
    return [new Uint8Array(new SharedArrayBuffer(slabBytes)), new Uint8Array(new SharedArrayBuffer(slabBytes))];
  }
}
