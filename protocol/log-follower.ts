/** The cluster log as it grows, through changes of the monitor that it comes from: no record twice, none left out. */
import * as z from 'zod/mini';
import type { CairnError } from '../base/errors.js';
import { wallMs } from '../base/instants.js';
import type { Runtime } from '../runtime/runtime.js';
import type { HandlerTable } from '../wire/handlers.js';
import type { Peer } from '../wire/peer.js';
import type { ClusterLogRecord } from './cluster-log.js';
import type { MonitorHunt } from './monitor-hunt.js';
import { logPushMethod } from './monitor-methods.js';
import { parseWith } from './schema.js';
import { Subscription } from './subscription.js';

const recordsSchema = z.array(
  z.object({
    number: z.int(),
    at: z.pipe(z.number(), z.transform(wallMs)),
    source: z.string(),
    severity: z.enum(['debug', 'info', 'warn', 'error']),
    message: z.string(),
  }),
);

/** Asked with a number beyond all, a monitor says where its log stands, and sends nothing. */
const beyondAll = Number.MAX_SAFE_INTEGER;

interface Batch {
  readonly records: readonly ClusterLogRecord[];
  /** The monitor sends the next one then. */
  readonly taken: () => void;
}

export class LogFollower {
  readonly #runtime: Runtime;
  /** The newest record taken; `undefined` until the first monitor said where the log stands. */
  #have: number | undefined;
  #subscription: Subscription | undefined;
  #refusal: CairnError | undefined;
  #isClosed = false;
  /** One at a time; another monitor's takes its place, since it begins no later than where the reader is. */
  #batch: Batch | undefined;
  #wake: (() => void) | undefined;

  constructor(runtime: Runtime, handlers: HandlerTable) {
    this.#runtime = runtime;
    handlers.on(logPushMethod, async ({ header, signal }) => {
      const records = parseWith(recordsSchema, header.records, 'mon.log');
      await this.#hand(records.map(asRecord), signal);
      return { header: { have: this.#have ?? 0 } };
    });
  }

  onConnected(peer: Peer): void {
    this.#subscription?.connected(peer);
  }

  /** One reader at a time, from the newest record on. Throws `PERMISSION_DENIED` when this session may not follow it. */
  async *follow(signal: AbortSignal, hunt: MonitorHunt): AsyncGenerator<readonly ClusterLogRecord[]> {
    if (this.#isClosed) return;
    this.#subscribe(hunt);
    const onAbort = (): void => this.#wake?.();
    signal.addEventListener('abort', onAbort);
    try {
      while (!signal.aborted && !this.#isClosed) {
        if (this.#refusal !== undefined) throw this.#refusal;
        const batch = this.#batch;
        if (batch === undefined) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          continue;
        }
        this.#batch = undefined;
        const news = batch.records.filter(({ number }) => number > (this.#have ?? 0));
        this.#have = Math.max(this.#have ?? 0, news.at(-1)?.number ?? 0);
        if (news.length > 0) yield news;
        batch.taken();
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#unsubscribe();
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#unsubscribe();
    this.#wake?.();
  }

  #subscribe(hunt: MonitorHunt): void {
    const onRefused = (error: CairnError): void => {
      this.#refusal = error;
      this.#wake?.();
    };
    this.#have = undefined;
    this.#subscription = new Subscription(this.#runtime, hunt, {
      what: 'log',
      have: () => this.#have ?? beyondAll,
      onNewest: (newest) => {
        if (this.#have !== undefined) return;
        this.#have = newest;
        this.#subscription?.again();
      },
      onRefused,
    });
  }

  #unsubscribe(): void {
    this.#subscription?.close();
    this.#subscription = undefined;
    this.#batch?.taken();
    this.#batch = undefined;
  }

  /** Resolves when the reader has taken them, or will not: then they come again, from where it stands. */
  #hand(records: readonly ClusterLogRecord[], signal: AbortSignal): Promise<void> {
    if (this.#subscription === undefined || signal.aborted) return Promise.resolve();
    this.#batch?.taken();
    return new Promise((resolve) => {
      const taken = (): void => {
        signal.removeEventListener('abort', taken);
        resolve();
      };
      signal.addEventListener('abort', taken);
      this.#batch = { records, taken };
      this.#wake?.();
    });
  }
}

function asRecord({ number, at, source, severity, message }: z.infer<typeof recordsSchema>[number]): ClusterLogRecord {
  return { number, at: wallMs(at), source, severity, message };
}
