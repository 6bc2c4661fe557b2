/**
 * Turns requests into entries of the Raft log, on the leader. What arrives while an entry is under way is decided
 * together, in order, and shares the next entry, its sync and its epoch: no wait is added when nothing is under way.
 *
 * Each request is evaluated on a state that holds everything before it: the applied one, plus the changes of the batch so
 * far. One entry is under way at a time, so this state is never a guess; the entry names the version that it was decided
 * on and does nothing on any other (a leader that was deposed and elected again in between).
 */
import { CairnError, isCairnError, toCairnError } from '../../base/errors.js';
import { monotonicMs } from '../../base/instants.js';
import type { Runtime } from '../../runtime/runtime.js';
import { decodeHeader } from '../../wire/header-codec.js';
import type { Consensus } from '../consensus/types.js';
import type { MonitorMachine } from '../state/machine.js';
import { encodeTransaction } from '../state/transaction.js';
import { Batch } from './batch.js';
import type { ChangeReply, ChangeRequest } from './change-request.js';
import { SessionEnds } from './session-ends.js';
import type { WallClock } from './wall-clock.js';

/** Waiting for an entry; beyond, requests are refused. A second's worth at the slowest disk. */
const queueMax = 4096;
/** By then every proposal has been committed or its leader deposed: CheckQuorum sees to it within seconds. */
const proposalMs = 30_000;

interface Waiting {
  readonly request: ChangeRequest;
  readonly resolve: (reply: ChangeReply) => void;
  readonly reject: (error: CairnError) => void;
}

export interface ProposerParts {
  readonly consensus: Consensus;
  readonly machine: MonitorMachine;
  readonly wallClock: WallClock;
}

export class Proposer {
  readonly #runtime: Runtime;
  readonly #parts: ProposerParts;
  readonly #term: number;
  readonly #ends = new SessionEnds();
  #queue: Waiting[] = [];
  /** Retries of a request that has not been answered yet wait for the same answer. */
  readonly #underWay = new Map<string, Promise<ChangeReply>>();
  #isRunning = false;
  #closed: CairnError | undefined;

  /** For one term of leadership, once everything of earlier terms is applied. */
  constructor(runtime: Runtime, parts: ProposerParts) {
    this.#runtime = runtime;
    this.#parts = parts;
    this.#term = parts.consensus.status.term;
  }

  get queued(): number {
    return this.#queue.length;
  }

  /**
   * Resolves once the change is committed and applied here. Errors: those of its evaluation; `OVERLOADED`;
   * `DEADLINE_EXCEEDED` before it was decided; when this monitor lost the lead, `CONFLICT` (`applied` 'no': ask the next
   * leader) or `CANCELLED` ('maybe': ask under the same request id).
   */
  submit(request: ChangeRequest): Promise<ChangeReply> {
    const { id } = request;
    const key = id === undefined ? undefined : `${id.session}/${id.number}`;
    const present = key === undefined ? undefined : this.#underWay.get(key);
    if (present !== undefined) return present;
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    if (this.#queue.length >= queueMax) {
      return Promise.reject(new CairnError('OVERLOADED', `${queueMax} changes wait already; retry with backoff`));
    }
    const promise = new Promise<ChangeReply>((resolve, reject) => {
      this.#queue.push({ request, resolve, reject });
    });
    if (key !== undefined) {
      this.#underWay.set(key, promise);
      const forget = (): void => void this.#underWay.delete(key);
      promise.then(forget, forget);
    }
    this.#run();
    return promise;
  }

  /** The client of `session` is done and has all its answers: written with the next entry, lost with the lead. */
  endSession(session: string): void {
    this.#ends.say(session);
  }

  /** The lead is lost, or the daemon stops. What is under way ends with its entry. */
  close(error: CairnError): void {
    this.#closed ??= error;
    const waiting = this.#queue;
    this.#queue = [];
    for (const { reject } of waiting) reject(error);
  }

  #run(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#drain().catch((error: unknown) => this.#runtime.fatal(error));
  }

  async #drain(): Promise<void> {
    // What arrives in this turn of the event loop shares the first entry: requests of one packet are handed in one by one.
    await this.#runtime.clock.yieldTurn();
    while (this.#queue.length > 0) await this.#oneEntry();
    this.#isRunning = false;
  }

  async #oneEntry(): Promise<void> {
    const { wallClock } = this.#parts;
    const { state } = this.#parts.machine;
    const clock = this.#runtime.clock.wall();
    const wallLimit = wallClock.limitFor(clock, state.wallLimit);
    const yieldTurn = (): Promise<void> => this.#runtime.clock.yieldTurn();
    const batch = new Batch<Waiting>(state.view(), wallClock.next(clock, state), yieldTurn);
    for (;;) {
      const [waiting] = this.#queue;
      if (waiting === undefined || !batch.takes(waiting.request)) break;
      this.#queue.shift();
      if (!this.#answeredBefore(waiting, batch)) await batch.decide(waiting);
    }
    if (batch.outcomes.length === 0) return;
    try {
      await this.#commit(batch, wallLimit);
    } catch (error) {
      const failure = asLostLead(toCairnError(error));
      for (const { waiting } of batch.outcomes) waiting.reject(failure);
      return;
    }
    for (const outcome of batch.outcomes) {
      if (outcome.kind === 'done') outcome.waiting.resolve({ result: outcome.result, epoch: batch.epoch });
      else this.#refuse(outcome.waiting, outcome.error);
    }
  }

  /** What no command should throw is a bug of that command, and the end of that request only. */
  #refuse({ request, reject }: Waiting, error: CairnError): void {
    if (error.code === 'INTERNAL') {
      this.#runtime.log.error({ change: request.name, err: error.cause ?? error }, 'a change failed unexpectedly');
    }
    reject(error);
  }

  async #commit(batch: Batch<Waiting>, wallLimit: ReturnType<WallClock['limitFor']>): Promise<void> {
    const { consensus, machine } = this.#parts;
    if (consensus.status.term !== this.#term || this.#closed !== undefined) throw lostLead();
    const wait = { deadline: monotonicMs(this.#runtime.clock.now() + proposalMs) };
    // A refusal is an answer about the state: it must not come from a leader that was deposed and does not know it.
    if (batch.isEmpty) return consensus.readBarrier(wait);
    const ends = this.#ends.take(machine.state.sessions, (session) => batch.hasSession(session));
    const transaction = await batch.transaction(wallLimit, ends);
    const data = encodeTransaction(transaction);
    const { membership } = batch;
    const { index } = await (membership === undefined
      ? consensus.propose(data, wait)
      : consensus.changeMembership(membership, data, wait));
    if (!machine.tookEffect(index)) throw lostLead();
  }

  /** True when the request needs no evaluation: it was answered before, or cannot be taken. */
  #answeredBefore(waiting: Waiting, batch: Batch<Waiting>): boolean {
    const { request, resolve, reject } = waiting;
    const { id, deadline, name } = request;
    const { state } = this.#parts.machine;
    if (deadline !== undefined && deadline <= this.#runtime.clock.now()) {
      reject(
        new CairnError('DEADLINE_EXCEEDED', `${name}: its deadline passed before it was decided; allow more time`),
      );
      return true;
    }
    if (id === undefined) return false;
    const found = state.lookup(id);
    switch (found.kind) {
      case 'unknown':
        return false;
      case 'answered':
        resolve({ result: decodeHeader(found.result, 0, found.result.byteLength), epoch: state.map.epoch });
        return true;
      case 'forgotten':
        reject(new CairnError('CONFLICT', `${name}: its client said that it had this answer already`));
        return true;
      case 'over':
        reject(sessionOver(name, state.sessions.clockMs));
        return true;
      case 'stale':
        // A leader that was deposed knows no session that began since.
        batch.refuse(waiting, sessionOver(name, state.sessions.clockMs));
        return true;
      case 'full':
        reject(new CairnError('OVERLOADED', `${name}: too many changes of clients wait for answers; retry later`));
        return true;
    }
  }
}

function lostLead(): CairnError {
  return new CairnError('CONFLICT', 'this monitor leads no more; ask the next leader', { details: { lostLead: true } });
}

/** `applied` is of this copy: whoever sent others before adds what became of those. */
function sessionOver(name: string, sessionClock: number): CairnError {
  const sentence = `${name}: the session that it belongs to is over, and its answer was dropped if it was made before`;
  return new CairnError('CONFLICT', `${sentence}; look whether it was, before you ask for it again`, {
    details: { sessionOver: true, sessionClock },
  });
}

/** What consensus says of an entry that did not get in, or may not have: not of the requests in it. */
function asLostLead(error: CairnError): CairnError {
  if (error.code !== 'CONFLICT' && error.code !== 'CANCELLED') return error;
  const { code, message, applied } = error;
  return new CairnError(code, message, { applied, cause: error, details: { lostLead: true } });
}

/** The next leader may be asked the same, under the same request id. */
export function isLostLead(error: unknown): boolean {
  return isCairnError(error) && error.details['lostLead'] === true;
}
