/**
 * One term of leadership: what only the leader does. It begins when everything that earlier leaders committed is applied
 * here, and ends for good when the term does.
 */
import { CairnError } from '../../base/errors.js';
import type { Entity } from '../../cluster/map.js';
import type { CommandReply, ForwardedEnd, ForwardedRequest, RequestId } from '../../protocol/monitor-methods.js';
import type { WaitOptions } from '../../runtime/clock.js';
import type { Runtime } from '../../runtime/runtime.js';
import type { AuditLine, CommandContext, CommandTable, RegisteredCommand } from '../commands/types.js';
import type { Consensus } from '../consensus/types.js';
import type { SoftState } from '../soft-state.js';
import type { MonitorMachine } from '../state/machine.js';
import type { StateView } from '../state/types.js';
import type { WallMs } from '../../base/instants.js';
import type { ChangeReply, ChangeRequest } from './change-request.js';
import { Proposer } from './proposer.js';
import { WallClock } from './wall-clock.js';

/** Arguments in the audit trail: enough to see what was meant, bounded whatever is sent. */
const auditArgsMax = 4096;

export interface LeadParts {
  readonly consensus: Consensus;
  readonly machine: MonitorMachine;
  readonly table: CommandTable;
  readonly soft: () => SoftState;
}

export class Lead {
  readonly term: number;
  readonly #runtime: Runtime;
  readonly #parts: LeadParts;
  readonly #wallClock: WallClock;
  readonly #proposer: Proposer;

  constructor(runtime: Runtime, parts: LeadParts) {
    const { consensus, machine } = parts;
    this.term = consensus.status.term;
    this.#runtime = runtime;
    this.#parts = parts;
    this.#wallClock = new WallClock(machine.state.wallLimit);
    this.#proposer = new Proposer(runtime, { consensus, machine, wallClock: this.#wallClock });
  }

  get queued(): number {
    return this.#proposer.queued;
  }

  /** The cluster's time as this leader may hand it out now. */
  wall(): WallMs {
    return this.#wallClock.now(this.#runtime.clock.wall(), this.#parts.machine.state);
  }

  /** The limit in the log is near: something must be committed, or time stands still. */
  get wantsCommit(): boolean {
    return this.#wallClock.needsRenewal(this.#runtime.clock.wall(), this.#parts.machine.state.wallLimit);
  }

  /** Commits the next limit of time. */
  async renewTime(): Promise<void> {
    await this.#proposer.submit({
      name: 'mon.time',
      id: undefined,
      deadline: undefined,
      audit: undefined,
      evaluate: () => ({ result: undefined, isTime: true }),
    });
  }

  /** The client is done: nobody asks for its answers again. */
  endSession({ entity, session }: ForwardedEnd): void {
    this.#proposer.endSession(sessionKey(entity, session));
  }

  /** For what the leader decides by itself. Errors as `Proposer.submit`. */
  submit(request: ChangeRequest): Promise<ChangeReply> {
    return this.#proposer.submit(request);
  }

  /** The sender's right to the command was checked. */
  async run(request: ForwardedRequest, wait: WaitOptions): Promise<CommandReply> {
    const registered = this.#parts.table.find(request.command);
    const args = registered.command.parse(request.args);
    switch (registered.kind) {
      case 'change':
        return this.#change(request, registered, args, wait);
      case 'query': {
        await this.#parts.consensus.readBarrier(wait);
        const { state } = this.#parts.machine;
        const epoch = state.map.epoch;
        const context = this.context(state.view(), this.#entity(state.view(), request.entity), this.wall());
        return { result: await registered.answer(args, context), epoch, isStale: false };
      }
      case 'control': {
        const view = this.#parts.machine.state.view();
        const context = this.context(view, this.#entity(view, request.entity), this.wall());
        const audit = auditLine(request, args);
        const result = await registered.act(args, context, { deadline: wait.deadline, signal: wait.signal, audit });
        return { result, epoch: this.#parts.machine.state.map.epoch, isStale: false };
      }
    }
  }

  context(state: StateView, entity: Entity, wall: WallMs): CommandContext {
    return new LeaderContext(this.#runtime, this.#parts.soft, { state, entity, wall });
  }

  close(error: CairnError): void {
    this.#proposer.close(error);
  }

  async #change(
    request: ForwardedRequest,
    registered: RegisteredCommand & { readonly kind: 'change' },
    args: unknown,
    wait: WaitOptions,
  ): Promise<CommandReply> {
    const { result, epoch } = await this.#proposer.submit({
      name: request.command,
      id: requestIdOf(request),
      deadline: wait.deadline,
      // Asked again when its turn comes: what it may do can have changed since it arrived.
      evaluate: (view, wall) => registered.evaluate(args, this.context(view, this.#entity(view, request.entity), wall)),
      // What daemons say of themselves and of their PGs is in the cluster log; the trail is about what people change.
      audit: registered.command.area === 'daemon' ? undefined : auditLine(request, registered.redact(args)),
    });
    return { result, epoch, isStale: false };
  }

  #entity(view: StateView, name: string): Entity {
    const entity = view.map.entities.get(name);
    if (entity !== undefined) return entity;
    throw new CairnError('PERMISSION_DENIED', `${name} is not known to this cluster any more`);
  }
}

class LeaderContext implements CommandContext {
  readonly state: StateView;
  readonly entity: Entity;
  readonly wall: WallMs;
  readonly #runtime: Runtime;
  readonly #soft: () => SoftState;

  constructor(
    runtime: Runtime,
    soft: () => SoftState,
    { state, entity, wall }: Pick<CommandContext, 'state' | 'entity' | 'wall'>,
  ) {
    this.#runtime = runtime;
    this.#soft = soft;
    this.state = state;
    this.entity = entity;
    this.wall = wall;
  }

  random(count: number): Uint8Array {
    return this.#runtime.random.bytes(count);
  }

  yieldTurn(): Promise<void> {
    return this.#runtime.clock.yieldTurn();
  }

  /** Only when asked: it is gathered anew each time, and most changes have no use for it. */
  get soft(): SoftState {
    return this.#soft();
  }
}

/**
 * Of whoever asked: an answer that was given to one entity is not another's, though it names the same session. Without one,
 * a copy of the request that a monitor sends again could be applied twice.
 */
function requestIdOf({ command, entity, request }: ForwardedRequest): RequestId {
  if (request !== undefined) return { ...request, session: sessionKey(entity, request.session) };
  throw new CairnError('INVALID_ARGUMENT', `${command} is a change and comes without a request id; send one`);
}

function sessionKey(entity: string, session: string): string {
  return `${entity} ${session}`;
}

function auditLine({ entity, from, command }: ForwardedRequest, args: unknown): AuditLine {
  return { who: entity, from, command, args: (JSON.stringify(args) ?? '').slice(0, auditArgsMax) };
}
