/**
 * Commands of clients and daemons at any monitor: who asks is known from the connection; what it may do stands in the
 * map; the leader runs it. A follower passes it on, and on again when the leader changes meanwhile: changes carry request
 * ids, so that one takes effect once.
 */
import { CairnError, isCairnError } from '../../base/errors.js';
import { monotonicMs } from '../../base/instants.js';
import type { Entity } from '../../cluster/map.js';
import { type Packed, packReply, packRequest } from '../../protocol/command-payload.js';
import { type CommandReply, type ForwardedRequest, forwardMethod } from '../../protocol/monitor-methods.js';
import { type Hearing, hearingText } from '../../protocol/hearing.js';
import { withApplied } from '../../protocol/with-applied.js';
import type { WaitOptions } from '../../runtime/clock.js';
import type { Runtime } from '../../runtime/runtime.js';
import { checkCaps } from '../commands/check-caps.js';
import type { CommandContext, CommandTable, RegisteredCommand } from '../commands/types.js';
import { isLostLead } from '../leader/proposer.js';
import type { Lead } from '../leader/lead.js';
import type { MonitorState } from '../state/state.js';
import type { Peer } from '../../wire/peer.js';
import { type RequestOptions, RequestWait } from './request-wait.js';
import type { StatusGate } from './status-gate.js';

/** For requests that bring no deadline. */
const waitMsDefault = 30_000;
/** An election takes about a second; whoever accepts an old answer gets one after this. */
const staleAfterMs = 2_000;
/** For an error to get to the caller before it gives up. */
const travelMs = 100;
/** Requests under way through this monitor; each costs a few KiB. */
const underWayMax = 10_000;

type PackedReply = Packed<CommandReply>;

export interface RequestsParts {
  readonly table: CommandTable;
  readonly state: MonitorState;
  readonly gate: StatusGate;
  /** While this monitor leads, and knows all that was committed before. */
  lead(): Lead | undefined;
  /** The connection to whoever leads, `undefined` when nobody does or it is not connected. */
  leader(): Peer | undefined;
  /** What a command may see when this monitor answers by itself, without a quorum. */
  staleContext(entity: Entity): CommandContext;
  /** Whom this monitor hears, for errors without a leader. */
  hearing(): Hearing;
}

export class Requests {
  readonly #runtime: Runtime;
  readonly #parts: RequestsParts;
  #underWay = 0;

  constructor(runtime: Runtime, parts: RequestsParts) {
    this.#runtime = runtime;
    this.#parts = parts;
  }

  get underWay(): number {
    return this.#underWay;
  }

  /** Errors: those of the command; `PERMISSION_DENIED`; `DEADLINE_EXCEEDED` when there is no leader in time. */
  async run(request: ForwardedRequest, options: RequestOptions): Promise<PackedReply> {
    if (this.#underWay >= underWayMax) throw new CairnError('OVERLOADED', 'too many requests wait at this monitor');
    this.#underWay += 1;
    try {
      return await this.#route(request, options);
    } finally {
      this.#underWay -= 1;
    }
  }

  /** At the leader, for a request that another monitor passed on. */
  async runAsLeader(request: ForwardedRequest, wait: WaitOptions): Promise<PackedReply> {
    const lead = this.#parts.lead();
    if (lead === undefined) {
      throw new CairnError('CONFLICT', 'this monitor does not lead; ask again', { details: { lostLead: true } });
    }
    this.#authorize(request);
    return packReply(await lead.run(request, wait));
  }

  async #route(request: ForwardedRequest, options: RequestOptions): Promise<PackedReply> {
    const registered = this.#parts.table.find(request.command);
    const begun = this.#runtime.clock.now();
    const asked = (options.deadline ?? begun + waitMsDefault) - begun;
    // The answer has to travel: at the caller's own deadline it would only learn that time was up, not why.
    const deadline = monotonicMs(begun + Math.max(0, asked - Math.min(travelMs, asked / 10)));
    const staleAt = request.mayBeStale === true ? monotonicMs(begun + staleAfterMs) : undefined;
    let applied: 'no' | 'maybe' = 'no';
    for (;;) {
      try {
        const attemptEnd = staleAt === undefined || registered.kind !== 'query' ? deadline : earlier(staleAt, deadline);
        const { within } = options;
        return await this.#oneAttempt(
          request,
          registered.kind,
          new RequestWait(options, { deadline: attemptEnd, within }),
        );
      } catch (error) {
        if (!isCairnError(error)) throw error;
        if (isLate(error) && staleAt !== undefined && registered.kind === 'query' && staleAt < deadline) {
          return packReply(await this.#answerStale(request));
        }
        if (error.applied === 'maybe') applied = 'maybe';
        if (isLate(error)) throw this.#noQuorum(request, error, applied);
        const maySendAgain = registered.kind !== 'control' || error.applied === 'no';
        if (!maySendAgain || !mayPass(error)) throw withApplied(error, applied);
        // The next leader may be known already; if not, wait for news.
        await this.#pause(options, deadline).catch((late: unknown) => {
          throw this.#noQuorum(request, late, applied);
        });
      }
    }
  }

  /** Whether the sender may is decided by the leader alone: others may not know the newest of his capabilities yet. */
  async #oneAttempt(
    request: ForwardedRequest,
    kind: RegisteredCommand['kind'],
    options: RequestOptions,
  ): Promise<PackedReply> {
    for (;;) {
      const lead = this.#parts.lead();
      if (lead !== undefined) {
        this.#authorize(request);
        return packReply(await lead.run(request, options));
      }
      const leader = this.#parts.leader();
      if (leader !== undefined) {
        // A control may change the leader itself, and its answer comes from the one before.
        if (kind !== 'control') return this.#forward(leader, request, options);
        return forward(leader, request, options);
      }
      await this.#parts.gate.changed(options);
    }
  }

  /** Until another leads: one that has lost its power, or was cut off, does not even refuse. */
  async #forward(leader: Peer, request: ForwardedRequest, options: RequestOptions): Promise<PackedReply> {
    const ending = new AbortController();
    const end = (): void => ending.abort();
    if (options.signal?.aborted === true) end();
    options.signal?.addEventListener('abort', end, { once: true });
    const unwatch = this.#parts.gate.watch(() => {
      if (this.#parts.leader() !== leader) end();
    });
    try {
      const { deadline, within } = options;
      return await forward(leader, request, { deadline, within, signal: ending.signal });
    } catch (error) {
      if (isCairnError(error) && error.details['notMonitor'] === true) {
        // It is this monitor that was refused, not the request.
        throw new CairnError('CLOSED', 'this monitor is no part of the cluster any more; ask another one', {
          cause: error,
          details: { notMonitor: true },
        });
      }
      if (!isCairnError(error, 'CANCELLED') || options.signal?.aborted === true || !ending.signal.aborted) throw error;
      const { applied } = error;
      throw new CairnError('CONFLICT', 'another monitor leads meanwhile; ask that one', {
        applied,
        cause: error,
        details: { lostLead: true },
      });
    } finally {
      unwatch();
      options.signal?.removeEventListener('abort', end);
    }
  }

  /** Until something changes, or a moment passes: a lost connection may be back before anything else is news. */
  async #pause(options: WaitOptions, deadline: NonNullable<WaitOptions['deadline']>): Promise<void> {
    const soon = monotonicMs(this.#runtime.clock.now() + retryMs);
    const wait = { signal: options.signal, deadline: earlier(soon, deadline) };
    await this.#parts.gate.changed(wait).catch((error: unknown) => {
      if (!isCairnError(error, 'DEADLINE_EXCEEDED') || soon >= deadline) throw error;
    });
  }

  #authorize({ entity: name, command }: ForwardedRequest): Entity {
    const entity = this.#parts.state.map.entities.get(name);
    if (entity === undefined) {
      throw new CairnError('PERMISSION_DENIED', `${name} is not known to this cluster; see \`cairn auth ls\``);
    }
    checkCaps(entity, this.#parts.table.find(command).command);
    return entity;
  }

  async #answerStale(request: ForwardedRequest): Promise<CommandReply> {
    const entity = this.#authorize(request);
    const registered = this.#parts.table.find(request.command);
    if (registered.kind !== 'query') throw new CairnError('INTERNAL', 'only queries may be answered without a quorum');
    const args = registered.command.parse(request.args);
    const result = await registered.answer(args, this.#parts.staleContext(entity));
    return { result, epoch: this.#parts.state.map.epoch, isStale: true };
  }

  #noQuorum(request: ForwardedRequest, cause: unknown, applied: 'no' | 'maybe'): unknown {
    if (isCairnError(cause, 'CANCELLED') || isCairnError(cause, 'CLOSED')) return withApplied(cause, applied);
    const isLed = this.#parts.lead() !== undefined || this.#parts.leader() !== undefined;
    const why = isLed
      ? 'the leader did not finish it in time; allow more time, or see `cairn health detail`'
      : `the monitors have no leader: ${this.#whatToStart()}`;
    const details = { hasLeader: isLed };
    return new CairnError('DEADLINE_EXCEEDED', `${request.command}: ${why}`, { applied, details, cause });
  }

  #whatToStart(): string {
    const hearing = this.#parts.hearing();
    const what = hearing.silent.length === 0 ? 'wait for their election' : 'start the monitors that are down';
    return `${hearingText(hearing)}; see \`cairn mon stat\`, ${what}, and try again`;
  }
}

const retryMs = 100;

function forward(leader: Peer, request: ForwardedRequest, options: RequestOptions): Promise<PackedReply> {
  const { header, payload } = packRequest(request);
  const { deadline, signal, within } = options;
  return leader.call(forwardMethod, header, { deadline, signal, within, payload });
}

function isLate(error: CairnError): boolean {
  return error.code === 'DEADLINE_EXCEEDED';
}

/** What another attempt, or another leader, may heal. */
function mayPass(error: CairnError): boolean {
  if (error.details['notMonitor'] === true) return false;
  return isLostLead(error) || error.code === 'CONNECTION_LOST' || error.code === 'CLOSED';
}

function earlier<T extends number>(a: T, b: T): T {
  return a < b ? a : b;
}
