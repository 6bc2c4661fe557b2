/** One term of a PG at one of its members, from entering it to the next: what runs in it ends with it. */
import { CairnError, isCairnError } from '../../base/errors.js';
import { monotonicMs } from '../../base/instants.js';
import { printPgId, type PgId, type PgTerm } from '../../cluster/ids.js';
import { hasMember } from '../../cluster/pg/members.js';
import type { Member, PgRecord } from '../../cluster/pg-record.js';
import type { Method, Payload, Reply } from '../../wire/method.js';
import type { PgHost } from './pg-host.js';
import { memberHeader, recordOfHeader, type PgHeader, type RecordHeader } from './messages.js';

/** For an answer from another OSD: longer than any pause of a healthy one. */
const callMs = 5_000;
/** Between attempts. A peer that was down is there again within its dialer's backoff. */
const retryMs = 50;

export class Term {
  readonly host: PgHost;
  readonly pg: PgId;
  readonly number: PgTerm;
  readonly #abort = new AbortController();
  #record: PgRecord;
  #ended: CairnError | undefined;

  constructor(host: PgHost, pg: PgId, record: PgRecord) {
    this.host = host;
    this.pg = pg;
    this.number = record.term;
    this.#record = record;
  }

  /** As it is known now: within a term only `eligible` changes, to nobody. */
  get record(): PgRecord {
    return this.#record;
  }

  get isConfirmed(): boolean {
    return this.#record.eligible.length === 0;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Why it is over. */
  get ended(): CairnError | undefined {
    return this.#ended;
  }

  get self(): Member {
    const { osd, store } = this.host.self;
    return { osd, store };
  }

  get isPrimary(): boolean {
    const [primary] = this.#record.acting;
    return primary?.osd === this.host.self.osd && primary.store === this.host.self.store;
  }

  isMember(member: Member): boolean {
    return hasMember(this.#record.acting, member);
  }

  /** The monitors confirmed it. */
  confirmed(record: PgRecord): void {
    this.#record = record;
  }

  end(reason: CairnError): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#abort.abort(reason);
  }

  throwIfOver(): void {
    if (this.#ended !== undefined) throw this.#ended;
  }

  headerTo(to: Member): PgHeader {
    return {
      pool: this.pg.pool,
      pg: this.pg.pg,
      term: this.number,
      from: memberHeader(this.self),
      to: memberHeader(to),
    };
  }

  /** One attempt. Throws what came, and the reason of the end once the term is over. */
  async call<Req extends PgHeader, Rep>(
    to: Member,
    method: Method<Req, Rep>,
    rest: Omit<Req, keyof PgHeader>,
    options: { readonly payload?: Payload } = {},
  ): Promise<Reply<Rep>> {
    this.throwIfOver();
    const { peers, runtime } = this.host;
    const header = { ...this.headerTo(to), ...rest } as Req;
    const wait = { deadline: monotonicMs(runtime.clock.now() + callMs), signal: this.signal, ...options };
    try {
      const reply = await peers.call(to.osd, method, header, wait);
      this.throwIfOver();
      return reply;
    } catch (error) {
      this.throwIfOver();
      this.#learn(error);
      throw error;
    }
  }

  /** Again and again until it answers, or the term is over: whoever does not answer is removed by the monitors. */
  async callUntilAnswered<Req extends PgHeader, Rep>(
    to: Member,
    method: Method<Req, Rep>,
    rest: Omit<Req, keyof PgHeader>,
  ): Promise<Reply<Rep>> {
    return await this.untilDone(method.name, () => this.call(to, method, rest));
  }

  /** Repeats what fails operationally, with a pause, until the term is over. */
  async untilDone<T>(what: string, attempt: () => Promise<T>): Promise<T> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await attempt();
      } catch (thrown) {
        this.throwIfOver();
        // A bug of another OSD is its own; one of this process stops it.
        if (!isCairnError(thrown)) throw thrown;
        const error = thrown;
        const { log } = this.host.runtime;
        log.debug({ pg: printPgId(this.pg), term: this.number, what, err: error }, 'a step of a PG is repeated');
        await this.sleep(Math.min(1_000, retryMs * failures));
      }
    }
  }

  /** Ends early, by throwing, when the term does. */
  async sleep(ms: number): Promise<void> {
    try {
      await this.host.runtime.clock.sleep(ms, this.signal);
    } catch (error) {
      this.throwIfOver();
      throw error;
    }
  }

  /** A refusal that shows a newer record ends the term. */
  #learn(error: unknown): void {
    if (!isCairnError(error)) return;
    const record = error.details['record'];
    if (isRecordHeader(record)) this.host.learn(this.pg, recordOfHeader(record), record.pgNum);
    this.throwIfOver();
  }
}

function isRecordHeader(value: unknown): value is RecordHeader {
  return typeof value === 'object' && value !== null && 'acting' in value && Array.isArray(value.acting);
}

/** What is said to requests, callers and held replies when a newer record ends the term. */
export function overtaken(pg: PgId, from: number, to: number): CairnError {
  return new CairnError('CONFLICT', `pg ${printPgId(pg)} went from term ${from} to ${to}`, {
    details: { overtaken: true },
  });
}
