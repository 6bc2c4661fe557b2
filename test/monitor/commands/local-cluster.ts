/**
 * A cluster without daemons: runs a `CommandTable` on a state in memory, so that a command is tested from the command
 * line to the map that it makes. What would cross the network does so as bytes, and capabilities are checked.
 */
import { emptyBytes } from '../../../base/bytes.js';
import { CairnError, toCairnError } from '../../../base/errors.js';
import { type WallMs, wallMs } from '../../../base/instants.js';
import type { MapChange } from '../../../cluster/change.js';
import type { ClusterMap } from '../../../cluster/map.js';
import { checkCaps } from '../../../monitor/commands/check-caps.js';
import type { CommandContext, CommandTable } from '../../../monitor/commands/types.js';
import type { SoftState } from '../../../monitor/soft-state.js';
import type { Effects, HealthMute, StateView } from '../../../monitor/state/types.js';
import type { AuditRecord, ClusterLogRecord } from '../../../protocol/cluster-log.js';
import type { Command } from '../../../protocol/command.js';
import { packReply, packRequest, unpackReply, unpackRequest } from '../../../protocol/command-payload.js';
import type { Answer, MonitorClient } from '../../../protocol/monitor-client.js';
import { decodeHeader, encodeHeader } from '../../../wire/header-codec.js';
import { checkOutgoing, defaultReceiveLimits } from '../../../wire/limits.js';
import { idleSoftState } from './idle-soft-state.js';
import { applyLocally, emptyClusterMap } from './local-map.js';

export interface LocalClusterOptions {
  readonly table: CommandTable;
  /** Default: `emptyClusterMap()`. */
  readonly map?: ClusterMap;
  readonly keys?: ReadonlyMap<string, Uint8Array>;
}

export class LocalCluster {
  /** Set to what the test wants known. */
  soft: SoftState = idleSoftState();
  /** The leader's clock; moves only when a test moves it. */
  wall: WallMs = wallMs(1_700_000_000_000);
  /** Answers say so. */
  isStale = false;
  /** How often commands let others run. */
  yields = 0;
  readonly mutes = new Map<string, HealthMute>();
  readonly keys: Map<string, Uint8Array>;
  readonly auditTrail: AuditRecord[] = [];
  readonly clusterLog: ClusterLogRecord[] = [];
  /** Called after each change that was applied, with the map as it is then. */
  onApplied: ((map: ClusterMap) => void) | undefined;
  readonly #table: CommandTable;
  #map: ClusterMap;
  #version = 0;
  #randomCount = 0;
  /** Changes are evaluated one after the other, as on the leader. */
  #queue: Promise<unknown> = Promise.resolve();
  readonly #waiting: (() => void)[] = [];

  constructor({ table, map = emptyClusterMap(), keys = new Map() }: LocalClusterOptions) {
    this.#table = table;
    this.#map = map;
    this.keys = new Map(keys);
  }

  get map(): ClusterMap {
    return this.#map;
  }

  /** Puts the map into a state that commands alone do not reach. */
  apply(...changes: MapChange[]): void {
    this.#apply({ result: undefined, changes });
  }

  /** A client with the key of `entity`, which the map must know when a command arrives. */
  as(entity = 'client.admin'): MonitorClient {
    return {
      change: async (command, args) => this.#decode(command, await this.#change(entity, command, args)),
      query: async (command, args) => this.#answer(command, await this.#query(entity, command, args)),
      control: async (command, args, wait) => {
        const { registered, parsed, context } = this.#enter(entity, command, args);
        if (registered.kind !== 'control') throw wrongKind(command);
        const audit = { who: entity, from: '127.0.0.1:1', command: command.name, args: JSON.stringify(args) };
        return this.#decode(command, await registered.act(parsed, context, { ...wait, audit }));
      },
      followLog: ({ signal }) => this.#followLog(signal),
      followMap: ({ signal }) => this.#followMap(signal),
      close: async () => {},
    };
  }

  get state(): StateView {
    return {
      map: this.#map,
      version: this.#version,
      wall: this.wall,
      mutes: this.mutes,
      key: (name) => this.keys.get(name),
      audit: (options) => newest(this.auditTrail, options),
      log: (options) => newest(this.clusterLog, options),
    };
  }

  #change<Args, Result>(entity: string, command: Command<Args, Result>, args: Args): Promise<unknown> {
    const run = async (): Promise<unknown> => {
      const { registered, parsed, context } = this.#enter(entity, command, args);
      if (registered.kind !== 'change') throw wrongKind(command);
      const redacted = JSON.stringify(registered.redact(parsed)).slice(0, 4096);
      try {
        const effects = await registered.evaluate(parsed, context);
        this.#apply(effects);
        this.#audit(entity, command.name, redacted, { kind: 'done', epoch: this.#map.epoch });
        return effects.result;
      } catch (error) {
        this.#audit(entity, command.name, redacted, { kind: 'refused', code: toCairnError(error).code });
        throw error;
      }
    };
    const result = this.#queue.then(run);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async #query<Args, Result>(entity: string, command: Command<Args, Result>, args: Args): Promise<unknown> {
    const { registered, parsed, context } = this.#enter(entity, command, args);
    if (registered.kind !== 'query') throw wrongKind(command);
    return registered.answer(parsed, context);
  }

  #enter<Args, Result>(name: string, command: Command<Args, Result>, args: Args) {
    const entity = this.#map.entities.get(name);
    if (entity === undefined) throw new CairnError('AUTHENTICATION_FAILED', `nobody is called ${name}`);
    const registered = this.#table.find(command.name);
    checkCaps(entity, command);
    const parsed = registered.command.parse(argsThroughWire(command.name, args));
    const context: CommandContext = {
      state: this.state,
      entity,
      wall: this.wall,
      random: (count) => Uint8Array.from({ length: count }, () => (this.#randomCount += 37) & 0xff),
      yieldTurn: async () => void (this.yields += 1),
      soft: this.soft,
    };
    return { registered, parsed, context };
  }

  #apply({ changes = [], keys = [], mutes = [], log = [] }: Effects<unknown>): void {
    this.#map = applyLocally(this.#map, changes, this.wall);
    for (const { name, key } of keys) {
      if (key === undefined) this.keys.delete(name);
      else this.keys.set(name, key);
    }
    for (const mute of mutes) {
      if ('unmuted' in mute) this.mutes.delete(mute.code);
      else this.mutes.set(mute.code, mute);
    }
    for (const record of log) {
      this.clusterLog.push({ ...record, number: this.clusterLog.length + 1, at: this.wall });
    }
    this.#version += 1;
    this.onApplied?.(this.#map);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #audit(who: string, command: string, args: string, outcome: AuditRecord['outcome']): void {
    const number = this.auditTrail.length + 1;
    this.auditTrail.push({ number, at: this.wall, who, from: '127.0.0.1:40000', command, args, outcome });
  }

  /** What `Command` promises about its result is what the evaluator was registered with. */
  #decode<Args, Result>(_command: Command<Args, Result>, result: unknown): Result {
    return resultThroughWire(result) as Result;
  }

  #answer<Args, Result>(command: Command<Args, Result>, result: unknown): Answer<Result> {
    return { result: this.#decode(command, result), epoch: this.#map.epoch, isStale: this.isStale };
  }

  async *#followLog(signal: AbortSignal): AsyncGenerator<readonly ClusterLogRecord[]> {
    for (let next = this.clusterLog.length; ;) {
      await this.#changeAfter(() => this.clusterLog.length > next, signal);
      if (signal.aborted) return;
      yield this.clusterLog.slice(next);
      next = this.clusterLog.length;
    }
  }

  async *#followMap(signal: AbortSignal): AsyncGenerator<ClusterMap> {
    for (let last = 0; ; last = this.#map.epoch) {
      await this.#changeAfter(() => this.#map.epoch > last, signal);
      if (signal.aborted) return;
      yield this.#map;
    }
  }

  async #changeAfter(isNew: () => boolean, signal: AbortSignal): Promise<void> {
    while (!isNew() && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }
}

/** What is left of arguments that were sent and received; the header as small as a connection wants it. */
function argsThroughWire(command: string, args: unknown): unknown {
  const { header, payload = emptyBytes } = packRequest({ command, args });
  return unpackRequest({ header: headerThroughWire(header), payload }).args;
}

function resultThroughWire(result: unknown): unknown {
  const { header, payload = emptyBytes } = packReply({ result, epoch: 1, isStale: false });
  return unpackReply({ header: headerThroughWire(header), payload }).result;
}

function headerThroughWire<Header>(header: Header): Header {
  const bytes = encodeHeader(header);
  checkOutgoing(defaultReceiveLimits, bytes.byteLength, 0);
  // What was encoded a line above.
  return decodeHeader(bytes, 0, bytes.byteLength) as Header;
}

function newest<T extends { readonly number: number }>(
  records: readonly T[],
  { after, count }: { readonly after: number; readonly count: number },
): readonly T[] {
  const found = records.filter(({ number }) => number > after);
  return count === 0 ? [] : found.slice(-count);
}

function wrongKind(command: { readonly name: string }): CairnError {
  return new CairnError('INTERNAL', `the command ${command.name} is asked for as what it is not`);
}
