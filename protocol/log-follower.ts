/** The cluster log as it grows, through changes of the monitor that it comes from: no record twice, none left out. */
import * as z from 'zod/mini';
import type { HandlerTable } from '../wire/handlers.js';
import type { Peer } from '../wire/peer.js';
import { wallMs } from '../base/instants.js';
import type { ClusterLogRecord } from './cluster-log.js';
import type { MonitorHunt } from './monitor-hunt.js';
import { logPushMethod, subscribeMethod } from './monitor-methods.js';
import { parseWith } from './schema.js';

const recordsSchema = z.array(
  z.object({
    number: z.int(),
    at: z.pipe(z.number(), z.transform(wallMs)),
    source: z.string(),
    severity: z.enum(['debug', 'info', 'warn', 'error']),
    message: z.string(),
  }),
);

export class LogFollower {
  /** The newest record taken; `undefined` until the first monitor said where the log stands. */
  #have: number | undefined;
  #isFollowing = false;
  #isClosed = false;
  #batch: readonly ClusterLogRecord[] | undefined;
  #onBatch: (() => void) | undefined;
  /** Resolves when the reader has taken the batch: the monitor sends the next one then. */
  #onTaken: (() => void) | undefined;

  constructor(handlers: HandlerTable) {
    handlers.on(logPushMethod, async ({ header, signal }) => {
      const records = parseWith(recordsSchema, header.records, 'mon.log');
      const news = records.filter(({ number }) => number > (this.#have ?? 0));
      if (news.length > 0) await this.#hand(news, signal);
      return { header: { have: Math.max(this.#have ?? 0, records.at(-1)?.number ?? 0) } };
    });
  }

  onConnected(peer: Peer, hunt: MonitorHunt): void {
    if (!this.#isFollowing || this.#isClosed) return;
    this.#subscribe(peer).catch(() => hunt.giveUp(peer));
  }

  /** One reader at a time. */
  async *follow(signal: AbortSignal, hunt: MonitorHunt): AsyncGenerator<readonly ClusterLogRecord[]> {
    this.#isFollowing = true;
    hunt.connected({ signal }).then(
      (peer) => this.onConnected(peer, hunt),
      () => undefined,
    );
    try {
      while (!signal.aborted && !this.#isClosed) {
        const batch = this.#batch;
        if (batch === undefined) {
          await this.#arrival(signal);
          continue;
        }
        this.#batch = undefined;
        this.#have = batch.at(-1)?.number ?? this.#have;
        yield batch;
        this.#onTaken?.();
      }
    } finally {
      this.#isFollowing = false;
      this.#onTaken?.();
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#onBatch?.();
    this.#onTaken?.();
  }

  /** From now on at first: asked with a number beyond all, a monitor says where its log stands. */
  async #subscribe(peer: Peer): Promise<void> {
    if (this.#have === undefined) {
      const far = Number.MAX_SAFE_INTEGER;
      const { header } = await peer.call(subscribeMethod, { what: 'log', have: far });
      this.#have ??= header.newest;
    }
    await peer.call(subscribeMethod, { what: 'log', have: this.#have });
  }

  #hand(records: readonly ClusterLogRecord[], signal: AbortSignal): Promise<void> {
    this.#batch = records;
    return unlessAborted(signal, (resolve) => {
      this.#onTaken = resolve;
      this.#onBatch?.();
    });
  }

  #arrival(signal: AbortSignal): Promise<void> {
    return unlessAborted(signal, (resolve) => {
      this.#onBatch = resolve;
    });
  }
}

/** Resolves at the abort too. A reader's signal lives as long as he does: nothing stays on it. */
function unlessAborted(signal: AbortSignal, begin: (resolve: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      signal.removeEventListener('abort', finish);
      resolve();
    };
    signal.addEventListener('abort', finish, { once: true });
    begin(finish);
  });
}
