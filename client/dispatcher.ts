/**
 * Takes a request to the primary of its PG, again and again until it is answered, refused for good, or its time is over.
 *
 *     route by the newest map ──► attempt ──► answered
 *        ▲        │ (nobody leads)    │ failed, or a newer map routes it otherwise
 *        │        ▼                   ▼
 *        └──── pause: until a newer map, or a little longer each time ──► (given up, with what all attempts may have done)
 */
import { type Applied, CairnError, toCairnError } from '../base/errors.js';
import { type MonotonicMs, monotonicMs } from '../base/instants.js';
import { printPgId } from '../cluster/ids.js';
import type { ClusterMap } from '../cluster/map.js';
import type { WaitOptions } from '../runtime/clock.js';
import type { Runtime } from '../runtime/runtime.js';
import { Attempts } from './attempts.js';
import type { MapWatch } from './map-watch.js';
import { isCurrent, type Route, routeBy, type Target } from './route.js';
import { Withdrawal } from '../wire/withdrawal.js';

/** For callers that bring no deadline: a failover takes a second, an operator's restart of an OSD some more. */
const waitMsDefault = 30_000;
/**
 * The longest that a change is repeated, whatever its deadline: OSDs keep answers of a session for 10 minutes, and later a
 * repetition could be a second change.
 */
export const changeMsMax = 300_000;

export interface Request<T> {
  readonly target: Target;
  /** In errors: `object "a" in pool data`. */
  readonly what: string;
  readonly changes: boolean;
  readonly send: (route: Route, attempt: Attempt) => Promise<T>;
}

/** One of a request. */
export interface Attempt {
  readonly deadline: MonotonicMs;
  readonly withdrawal: Withdrawal;
}

export interface DispatcherMetrics {
  attempts: number;
  /** Attempts beyond the first of their request. */
  repeats: number;
  /** Attempts withdrawn since a newer map routes them otherwise. */
  reroutes: number;
}

/** Where an attempt goes, and the way to withdraw it. */
interface UnderWay {
  readonly target: Target;
  readonly route: Route;
  readonly withdrawal: Withdrawal;
}

export class Dispatcher {
  readonly metrics: DispatcherMetrics = { attempts: 0, repeats: 0, reroutes: 0 };
  readonly #runtime: Runtime;
  readonly #maps: MapWatch;
  readonly #underWay = new Set<UnderWay>();
  #closedBy: CairnError | undefined;

  constructor(runtime: Runtime, maps: MapWatch) {
    this.#runtime = runtime;
    this.#maps = maps;
  }

  /** The deadline that a caller's wait comes to. */
  deadlineOf({ deadline }: WaitOptions, changes: boolean): MonotonicMs {
    const now = this.#runtime.clock.now();
    const latest = monotonicMs(now + changeMsMax);
    if (deadline === undefined) return monotonicMs(now + waitMsDefault);
    return changes && deadline > latest ? latest : deadline;
  }

  /** Errors: the OSD's; `NOT_FOUND` for a pool that is gone; `DEADLINE_EXCEEDED`, `CANCELLED`, `CLOSED`. */
  async run<T>(request: Request<T>, deadline: MonotonicMs, signal: AbortSignal | undefined): Promise<T> {
    const { clock, random } = this.#runtime;
    const attempts = new Attempts({ changes: request.changes });
    const wait = { deadline, signal };
    for (;;) {
      const route = await this.#route(request, attempts, wait);
      const outcome = await this.#attempt(request, route, wait);
      if (outcome.kind === 'done') return outcome.value;
      const now = clock.now();
      const isOver = this.#closedBy !== undefined || signal?.aborted === true || now >= deadline;
      const next = attempts.failed({ ...outcome, isOver, now, chance: random.float(), epoch: route.epoch });
      if (next.kind === 'over')
        throw this.#over(next.cause, next.applied, signal) ?? unanswered(request, attempts, route, next);
      if (next.kind === 'fail') {
        throw next.error.code === 'DEADLINE_EXCEEDED' ? unanswered(request, attempts, route, next.error) : next.error;
      }
      this.metrics.repeats += 1;
      const { untilEpoch = Infinity } = next;
      const isBetter = (map: ClusterMap): boolean => map.epoch >= untilEpoch || !isCurrent(map, request.target, route);
      try {
        await this.#maps.pause(Math.min(next.pauseMs, deadline - now), isBetter, signal);
      } catch (error) {
        throw attempts.told(toCairnError(error));
      }
    }
  }

  /** Attempts that go elsewhere by this map are withdrawn: who led the PG may hang, or be cut off, and never answer. */
  onMap(map: ClusterMap): void {
    for (const { target, route, withdrawal } of this.#underWay) {
      if (isCurrent(map, target, route)) continue;
      this.metrics.reroutes += 1;
      withdrawal.withdraw(rerouted);
    }
  }

  /** What is under way fails with `reason`. */
  close(reason: CairnError): void {
    this.#closedBy ??= reason;
    for (const { withdrawal } of this.#underWay) withdrawal.withdraw(reason);
  }

  async #route(request: Request<unknown>, attempts: Attempts, wait: WaitOptions): Promise<Route> {
    let reason = 'there is no map of the cluster yet';
    const { target, what } = request;
    try {
      const map = await this.#maps.until(
        (newest) => {
          const routing = routeBy(newest, target);
          if (routing.kind === 'wait') ({ reason } = routing);
          return routing.kind !== 'wait';
        },
        wait,
        what,
      );
      const routing = routeBy(map, target);
      if (routing.kind === 'route') return routing.route;
      throw new CairnError('NOT_FOUND', `${what}: ${routing.reason}; see \`cairn pool ls\``);
    } catch (error) {
      const told = attempts.told(toCairnError(error));
      if (told.code !== 'DEADLINE_EXCEEDED') throw told;
      throw late(`${what}: ${reason}, and it lasted longer than there was time; see \`cairn status\``, {
        applied: told.applied,
        cause: told,
      });
    }
  }

  async #attempt<T>(request: Request<T>, route: Route, { deadline, signal }: ThisWait): Promise<Attempted<T>> {
    const withdrawal = new Withdrawal();
    const onAbort = (): void => withdrawal.withdraw(toCairnError(signal?.reason));
    if (signal?.aborted === true) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    const underWay: UnderWay = { target: request.target, route, withdrawal };
    this.#underWay.add(underWay);
    this.metrics.attempts += 1;
    try {
      return { kind: 'done', value: await request.send(route, { deadline, withdrawal }) };
    } catch (thrown) {
      const error = toCairnError(thrown);
      return { kind: 'failed', error, isRerouted: withdrawal.reason === rerouted && error.code === 'CANCELLED' };
    } finally {
      this.#underWay.delete(underWay);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** `undefined` when it is over since its time is. */
  #over(cause: CairnError, applied: Applied, signal: AbortSignal | undefined): CairnError | undefined {
    const closed = this.#closedBy;
    if (closed !== undefined) return new CairnError(closed.code, closed.message, { applied, cause });
    if (signal?.aborted !== true) return undefined;
    return new CairnError('CANCELLED', 'the caller withdrew it', { applied, cause: signal.reason });
  }
}

type ThisWait = { readonly deadline: MonotonicMs; readonly signal: AbortSignal | undefined };

type Attempted<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: CairnError; readonly isRerouted: boolean };

/** Why this end withdraws an attempt. */
const rerouted = new CairnError('CANCELLED', 'a newer map has another primary for it');

/** The words of a deadline below say what was waited for there, not what the caller asked for. */
function unanswered(
  { what }: Pick<Request<unknown>, 'what'>,
  { count }: Attempts,
  { pg, osd }: Route,
  { applied, cause }: { readonly applied: Applied; readonly cause?: unknown },
): CairnError {
  const id = printPgId(pg);
  const times = count === 1 ? '' : ` (asked ${count} times)`;
  const why = cause instanceof CairnError ? ` (last: ${cause.message})` : '';
  const sentence = `${what}: osd.${osd}, which leads pg ${id}, did not answer in time${times}${why}`;
  return late(`${sentence}; see \`cairn pg map ${id}\``, { applied, cause });
}

function late(
  sentence: string,
  { applied, cause }: { readonly applied: Applied; readonly cause?: unknown },
): CairnError {
  return new CairnError('DEADLINE_EXCEEDED', sentence, { applied, cause });
}
