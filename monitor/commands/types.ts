/** How the leader runs commands: one file per command group fills a `CommandTable`. */
import type { Entity } from '../../cluster/map.js';
import { CairnError } from '../../base/errors.js';
import type { WallMs } from '../../base/instants.js';
import type { AuditRecord } from '../../protocol/cluster-log.js';
import type { Command } from '../../protocol/command.js';
import type { WaitOptions } from '../../runtime/clock.js';
import type { Effects, StateView } from '../state/types.js';
import type { SoftState } from '../soft-state.js';

export interface CommandContext {
  readonly state: StateView;
  readonly entity: Entity;
  /** The leader's monotone wall time. */
  readonly wall: WallMs;
  /** Fresh random bytes: what a command decides with them becomes part of the log. */
  random(count: number): Uint8Array;
  /** Lets other work of the daemon run; long evaluations call it every few ms. The state does not change meanwhile. */
  yieldTurn(): Promise<void>;
  /** What is known beside the log: who is in quorum, what OSDs reported. */
  readonly soft: SoftState;
}

export type Evaluate<Args, Result> = (
  args: Args,
  context: CommandContext,
) => Effects<Result> | Promise<Effects<Result>>;

export type Answer<Args, Result> = (args: Args, context: CommandContext) => Result | Promise<Result>;

/** Who asked for a control, for the audit trail: whoever acts writes it down, since the lead may be gone afterwards. */
export type AuditLine = Pick<AuditRecord, 'who' | 'from' | 'command' | 'args'>;

export interface ActOptions extends WaitOptions {
  readonly audit: AuditLine;
}

export type Act<Args, Result> = (args: Args, context: CommandContext, options: ActOptions) => Promise<Result>;

/** Arguments as the audit trail may show them. */
export type Redact<Args> = (args: Args) => unknown;

export type RegisteredCommand =
  | {
      readonly kind: 'change';
      readonly command: Command<unknown, unknown>;
      readonly evaluate: Evaluate<unknown, unknown>;
      readonly redact: Redact<unknown>;
    }
  | {
      readonly kind: 'query';
      readonly command: Command<unknown, unknown>;
      readonly answer: Answer<unknown, unknown>;
    }
  | {
      readonly kind: 'control';
      readonly command: Command<unknown, unknown>;
      readonly act: Act<unknown, unknown>;
    };

export class CommandTable {
  readonly #byName = new Map<string, RegisteredCommand>();

  /** Evaluated on the leader, one after the other, on a state that holds all before it; throwing changes nothing. */
  onChange<Args, Result>(
    command: Command<Args, Result>,
    evaluate: Evaluate<Args, Result>,
    redact: Redact<Args> = (args) => args,
  ): this {
    return this.#add({ kind: 'change', command, evaluate, redact } as unknown as RegisteredCommand);
  }

  onQuery<Args, Result>(command: Command<Args, Result>, answer: Answer<Args, Result>): this {
    return this.#add({ kind: 'query', command, answer } as unknown as RegisteredCommand);
  }

  onControl<Args, Result>(command: Command<Args, Result>, act: Act<Args, Result>): this {
    return this.#add({ kind: 'control', command, act } as unknown as RegisteredCommand);
  }

  find(name: string): RegisteredCommand {
    const found = this.#byName.get(name);
    if (found !== undefined) return found;
    throw new CairnError('NOT_FOUND', `the monitors know no command "${name.slice(0, 60)}"; is this program newer?`);
  }

  /** The types of arguments and result meet only through `Command.parse`, which the caller runs first. */
  #add(registered: RegisteredCommand): this {
    const { name, kind } = registered.command;
    if (this.#byName.has(name)) throw new CairnError('EXISTS', `the command ${name} is registered twice`);
    if (kind !== registered.kind) throw new CairnError('INTERNAL', `the command ${name} is a ${kind}`);
    this.#byName.set(name, registered);
    return this;
  }
}
