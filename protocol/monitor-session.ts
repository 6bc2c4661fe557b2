/**
 * A session with the monitors: commands through whichever monitor answers, repeated through others until the deadline;
 * the map and the cluster log followed without a gap. One per daemon or client.
 *
 * Changes carry the session's id, a number, and the lowest number still waited for: the monitors run each once and keep
 * its answer until it was received (DESIGN.md section 4).
 */
import { hexText } from '../base/bytes.js';
import { CairnError, isCairnError } from '../base/errors.js';
import { monotonicMs } from '../base/instants.js';
import type { ClusterMap } from '../cluster/map.js';
import type { WaitOptions } from '../runtime/clock.js';
import type { Runtime } from '../runtime/runtime.js';
import { HandlerTable } from '../wire/handlers.js';
import type { Peer } from '../wire/peer.js';
import type { ClusterLogRecord } from './cluster-log.js';
import type { Command } from './command.js';
import { packRequest, unpackReply } from './command-payload.js';
import { LogFollower } from './log-follower.js';
import { MapFollower } from './map-follower.js';
import type { Answer, MonitorClient, QueryOptions } from './monitor-client.js';
import { type HuntOptions, MonitorHunt } from './monitor-hunt.js';
import { withApplied } from './with-applied.js';
import {
  commandMethod,
  type CommandReply,
  type CommandRequest,
  endSessionMethod,
  type RequestId,
} from './monitor-methods.js';

/** For callers that bring no deadline: longer than any election. */
const waitMsDefault = 30_000;
/**
 * The longest that a change is repeated, whatever its deadline: the monitors keep answers for twice as long
 * (`sessionIdleMs` of monitor/state/sessions.ts), and later a repetition would be a second change.
 */
export const changeMsMax = 300_000;
/** A monitor that has not answered by then may be cut off from its leader: another is asked the same. */
const attemptMs = 5_000;
/** Below what the monitors keep answers for (monitor/state/sessions.ts). */
const changesMax = 1_000;
const pauseMs = 50;
/** For the last word to get to the kernel: it does at once, unless nothing does any more. */
const lastWordMs = 100;

interface ClientSession {
  readonly id: string;
  /** As in `RequestId`. */
  readonly begun: number | undefined;
  /** The monitors keep an answer of this session. */
  hasAnswers: boolean;
}

export class MonitorSession implements MonitorClient {
  readonly #runtime: Runtime;
  /** Drawn anew when the monitors do not take it: it is over, or they have not said yet what time it is there. */
  #session: ClientSession;
  /** Of some change nobody knows whether it was made: a copy of it may still be on its way. */
  #isInDoubt = false;
  #isClosed = false;
  readonly #hunt: MonitorHunt;
  readonly #mapFollower: MapFollower;
  readonly #logFollower: LogFollower;
  /** Numbers of the changes that wait for their answers, in order. */
  readonly #waiting = new Set<number>();
  #lastNumber = 0;

  constructor(runtime: Runtime, options: HuntOptions) {
    this.#runtime = runtime;
    this.#session = this.#drawSession(undefined);
    const handlers = new HandlerTable();
    this.#hunt = new MonitorHunt(runtime, options, handlers, (peer) => this.#onConnected(peer));
    this.#mapFollower = new MapFollower(runtime, handlers, (map) => this.#onMap(map));
    this.#logFollower = new LogFollower(runtime, handlers);
  }

  async change<Args, Result>(command: Command<Args, Result>, args: Args, wait: WaitOptions): Promise<Result> {
    if (this.#waiting.size >= changesMax) {
      throw new CairnError('OVERLOADED', `${changesMax} changes of this client wait already; wait for some of them`);
    }
    this.#lastNumber += 1;
    const number = this.#lastNumber;
    this.#waiting.add(number);
    try {
      const latest = monotonicMs(this.#runtime.clock.now() + changeMsMax);
      const deadline = wait.deadline === undefined || wait.deadline > latest ? latest : wait.deadline;
      const options = { deadline: wait.deadline === undefined ? undefined : deadline, signal: wait.signal };
      const first = this.#session;
      const ask = { command: command.name, args };
      const reply = await this.#askNumbered(ask, number, options).catch((error: unknown) => {
        // No copy of this change can have been made: under another session it is the first.
        if (!isSessionOver(error) || (error.applied !== 'no' && !isUntaken(first))) throw error;
        if (this.#session === first) this.#session = this.#drawSession(error);
        return this.#askNumbered(ask, number, options);
      });
      return reply.result as Result;
    } catch (error) {
      if (!isCairnError(error) || error.applied === 'maybe') this.#isInDoubt = true;
      throw error;
    } finally {
      this.#waiting.delete(number);
    }
  }

  async query<Args, Result>(
    command: Command<Args, Result>,
    args: Args,
    { mayBeStale = false, ...wait }: QueryOptions,
  ): Promise<Answer<Result>> {
    const reply = await this.#ask({ command: command.name, args, mayBeStale }, { ...wait, mayRepeat: true });
    return { result: reply.result as Result, epoch: reply.epoch, isStale: reply.isStale };
  }

  async control<Args, Result>(command: Command<Args, Result>, args: Args, wait: WaitOptions): Promise<Result> {
    return (await this.#ask({ command: command.name, args }, { ...wait, mayRepeat: false })).result as Result;
  }

  followMap({ signal }: { readonly signal: AbortSignal }): AsyncIterable<ClusterMap> {
    this.#hunt.stayConnected();
    return this.#mapFollower.follow(signal, this.#hunt);
  }

  followLog({ signal }: { readonly signal: AbortSignal }): AsyncIterable<readonly ClusterLogRecord[]> {
    this.#hunt.stayConnected();
    return this.#logFollower.follow(signal, this.#hunt);
  }

  async close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      await this.#endSession();
    }
    this.#mapFollower.close();
    this.#logFollower.close();
    await this.#hunt.close();
  }

  /** `refusal`: of the one before, with the time at which this one begins. */
  #drawSession(refusal: CairnError | undefined): ClientSession {
    const clock = refusal?.details['sessionClock'];
    const begun = typeof clock === 'number' ? clock : undefined;
    return { id: hexText(this.#runtime.random.bytes(16)), begun, hasAnswers: false };
  }

  async #askNumbered(
    ask: Pick<CommandRequest, 'command' | 'args'>,
    number: number,
    options: WaitOptions,
  ): Promise<CommandReply> {
    const [floor = number] = this.#waiting;
    const session = this.#session;
    const request: RequestId = { session: session.id, number, floor, begun: session.begun };
    const reply = await this.#ask({ ...ask, request }, { ...options, mayRepeat: true });
    session.hasAnswers = true;
    return reply;
  }

  /**
   * The monitors need not keep the answers of a client that has them all. Only then: a session of which something is on its
   * way is left to end by being idle. Nothing waits for a monitor here, and a word that is lost costs them some room.
   */
  async #endSession(): Promise<void> {
    const peer = this.#hunt.current;
    if (peer === undefined || !this.#session.hasAnswers || this.#isInDoubt || this.#waiting.size > 0) return;
    const deadline = monotonicMs(this.#runtime.clock.now() + lastWordMs);
    await peer.tell(endSessionMethod, { session: this.#session.id }, { deadline }).catch(() => undefined);
  }

  async #ask(request: CommandRequest, options: WaitOptions & { readonly mayRepeat: boolean }): Promise<CommandReply> {
    const { header, payload } = packRequest(request);
    const { clock } = this.#runtime;
    const { mayRepeat, signal } = options;
    const deadline = options.deadline ?? monotonicMs(clock.now() + waitMsDefault);
    let applied: 'no' | 'maybe' = 'no';
    /** What a monitor said of why it takes so long: better than that the time is over. */
    let reason: CairnError | undefined;
    try {
      for (;;) {
        const peer = await this.#hunt.connected({ deadline, signal });
        const attemptEnd = mayRepeat ? Math.min(deadline, clock.now() + attemptMs) : deadline;
        try {
          const wait = { deadline: monotonicMs(attemptEnd), signal, payload };
          return unpackReply(await peer.call(commandMethod, header, wait));
        } catch (thrown) {
          const error = isCairnError(thrown, 'CANCELLED') && signal?.aborted !== true ? asLate(thrown) : thrown;
          if (!isCairnError(error)) throw error;
          if (error.applied === 'maybe') applied = 'maybe';
          const isWordy = error.details['hasLeader'] !== undefined;
          if (isWordy || (error.code === 'DEADLINE_EXCEEDED' && reason === undefined)) reason = error;
          if (!mayPass(error) || (!mayRepeat && error.applied !== 'no')) throw error;
          this.#hunt.giveUp(peer);
          if (clock.now() + pauseMs >= deadline) throw error;
          await clock.sleep(pauseMs, signal);
        }
      }
    } catch (error) {
      throw withApplied(isCairnError(error, 'DEADLINE_EXCEEDED') ? (reason ?? error) : error, applied);
    }
  }

  #onConnected(peer: Peer): void {
    this.#mapFollower.onConnected(peer);
    this.#logFollower.onConnected(peer);
  }

  #onMap(map: ClusterMap): void {
    this.#hunt.learn([...map.monitors.values()].map(({ address }) => address));
  }
}

/** The monitor gave the request up with its deadline, as this end does: whose word comes first is chance. */
function asLate(cause: CairnError): CairnError {
  const { applied, details } = cause;
  const sentence = 'the monitors did not finish it in time; allow more time, or see `cairn mon stat`';
  return new CairnError('DEADLINE_EXCEEDED', sentence, { applied, details, cause });
}

/** The monitors make no change of it, so that none can have been made: its refusal is how they say what time it is. */
function isUntaken({ begun, hasAnswers }: ClientSession): boolean {
  return begun === undefined && !hasAnswers;
}

function isSessionOver(error: unknown): error is CairnError {
  return isCairnError(error) && error.details['sessionOver'] === true;
}

/** What another monitor, or the same a moment later, may do better. */
function mayPass({ code, details }: CairnError): boolean {
  return (
    code === 'CONNECTION_LOST' || code === 'CLOSED' || code === 'DEADLINE_EXCEEDED' || details['lostLead'] === true
  );
}
