/**
 * One stream whose digests another thread calculates. Bytes are copied into shared memory (64 KiB take about 10 us, and their MD5 alone
 * 80 us) and handed over when a slab is full: a message costs this thread about 12 us, however much it is for. There are two slabs, so
 * that one is filled while the other is hashed.
 */
import type { CairnError } from '../../base/errors.js';
import { invariant } from '../../base/invariant.js';
import type { HashAlgorithm } from '../hasher.js';
import type { Digests, HashStream } from '../hashing.js';
import { streamEnded } from '../in-thread-hashing.js';
import type { HashThread, HashThreadListener } from './hash-thread.js';

/** Views of a whole `SharedArrayBuffer` each, of one size. */
export type Slabs = readonly [Uint8Array, Uint8Array];

export class HashThreadStream implements HashStream, HashThreadListener {
  readonly #thread: HashThread;
  readonly #stream: number;
  readonly #slabs: Slabs;
  readonly #release: (slabs: Slabs | undefined) => void;
  /** The slab that is filled, and how far. */
  #current: 0 | 1 = 0;
  #filled = 0;
  /** Slabs handed over and not hashed yet; when it is two, there is none to fill. */
  #inFlight = 0;
  #isOpen = true;
  #failure: CairnError | undefined;
  #digests: Digests | undefined;
  /** Of the call that waits: there is at most one. */
  #wake: (() => void) | undefined;

  /** `release`: once, with the slabs when nobody reads them any more, without them when that is not known. */
  constructor(
    thread: HashThread,
    algorithms: readonly HashAlgorithm[],
    slabs: Slabs,
    release: (slabs: Slabs | undefined) => void,
  ) {
    this.#thread = thread;
    this.#slabs = slabs;
    this.#release = release;
    this.#stream = thread.add(this);
    thread.send({ kind: 'start', stream: this.#stream, algorithms });
  }

  async update(bytes: Uint8Array): Promise<void> {
    this.#requireOpen();
    for (let offset = 0; offset < bytes.byteLength;) {
      while (this.#inFlight === this.#slabs.length) {
        await this.#change();
        this.#requireOpen();
      }
      const slab = this.#slabs[this.#current];
      const count = Math.min(slab.byteLength - this.#filled, bytes.byteLength - offset);
      slab.set(bytes.subarray(offset, offset + count), this.#filled);
      this.#filled += count;
      offset += count;
      if (this.#filled === slab.byteLength) this.#handOver();
    }
  }

  async finish(): Promise<Digests> {
    this.#requireOpen();
    this.#isOpen = false;
    if (this.#filled > 0) this.#handOver();
    this.#thread.send({ kind: 'finish', stream: this.#stream });
    while (this.#digests === undefined) {
      if (this.#failure !== undefined) throw this.#failure;
      await this.#change();
    }
    return this.#digests;
  }

  abandon(): void {
    if (this.#isOpen) this.#thread.send({ kind: 'abandon', stream: this.#stream });
    this.#isOpen = false;
    this.#wakeUp();
  }

  onHashed(): void {
    invariant(this.#inFlight > 0, 'only what was handed over is hashed');
    this.#inFlight -= 1;
    this.#wakeUp();
  }

  onEnded(digests: readonly (readonly [HashAlgorithm, Uint8Array])[]): void {
    this.#digests = new Map(digests);
    this.#release(this.#slabs);
    this.#wakeUp();
  }

  onLost(error: CairnError): void {
    this.#failure = error;
    this.#release(undefined);
    this.#wakeUp();
  }

  #handOver(): void {
    const bytes = this.#slabs[this.#current].subarray(0, this.#filled);
    this.#thread.send({ kind: 'update', stream: this.#stream, bytes });
    this.#inFlight += 1;
    this.#current = this.#current === 0 ? 1 : 0;
    this.#filled = 0;
  }

  #requireOpen(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.#isOpen) throw streamEnded();
  }

  #change(): Promise<void> {
    invariant(this.#wake === undefined, 'one call at a time');
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
