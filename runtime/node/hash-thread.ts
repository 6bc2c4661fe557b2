/** One thread that hashes, as this side sees it. */
import { Worker } from 'node:worker_threads';
import { CairnError } from '../../base/errors.js';
import type { HashWorkerReply, HashWorkerRequest } from './hash-worker.js';

/** What a stream hears of its thread; nothing any more after `onEnded` or `onLost`. */
export interface HashThreadListener {
  /** The oldest update that was not answered yet. */
  onHashed(): void;
  onEnded(digests: Extract<HashWorkerReply, { kind: 'ended' }>['digests']): void;
  onLost(error: CairnError): void;
}

export class HashThread {
  readonly #worker: Worker;
  readonly #listeners = new Map<number, HashThreadListener>();
  readonly #onLost: (thread: HashThread) => void;
  #nextStream = 1;
  #error: CairnError | undefined;

  /** `onLost`: once, when the thread has ended by itself or by `close`, after its streams have heard of it. */
  constructor(onLost: (thread: HashThread) => void, script = new URL('./hash-worker.js', import.meta.url)) {
    this.#onLost = onLost;
    this.#worker = new Worker(script);
    this.#worker.on('message', (reply: HashWorkerReply) => {
      this.#take(reply);
    });
    this.#worker.on('error', (error) => {
      this.#lose(
        new CairnError('INTERNAL', 'the thread that calculates digests failed; send it again', { cause: error }),
      );
    });
    this.#worker.on('exit', () => {
      this.#lose(new CairnError('INTERNAL', 'the thread that calculates digests ended; send it again'));
    });
    // A process may end while the thread has nothing to do.
    this.#worker.unref();
  }

  get streamCount(): number {
    return this.#listeners.size;
  }

  /** Returns the stream's number. Not once lost. */
  add(listener: HashThreadListener): number {
    const stream = this.#nextStream;
    this.#nextStream += 1;
    this.#listeners.set(stream, listener);
    if (this.#listeners.size === 1) this.#worker.ref();
    return stream;
  }

  /** In order. Does nothing for a stream that has ended or was lost. */
  send(request: HashWorkerRequest): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows, not for threads
    if (this.#listeners.has(request.stream)) this.#worker.postMessage(request);
  }

  async close(): Promise<void> {
    this.#lose(new CairnError('CLOSED', 'no more digests are calculated here'));
    await this.#worker.terminate();
  }

  #take(reply: HashWorkerReply): void {
    const listener = this.#listeners.get(reply.stream);
    if (listener === undefined) return;
    if (reply.kind === 'hashed') {
      listener.onHashed();
      return;
    }
    this.#remove(reply.stream);
    listener.onEnded(reply.digests);
  }

  #remove(stream: number): void {
    this.#listeners.delete(stream);
    if (this.#listeners.size === 0) this.#worker.unref();
  }

  #lose(error: CairnError): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    const listeners = [...this.#listeners.values()];
    this.#listeners.clear();
    this.#worker.unref();
    for (const listener of listeners) listener.onLost(error);
    this.#onLost(this);
  }
}
