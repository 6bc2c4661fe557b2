/**
 * How an OSD recognises who connects to it: clients, gateways, other OSDs. Only the monitors have everybody's keys; of them an
 * OSD asks, for one name when it comes, the *service key*, which is good for OSDs and nothing else (wire/service-key.ts).
 *
 * | what happened to the entity | from when on it is refused                                                                |
 * | --------------------------- | ----------------------------------------------------------------------------------------- |
 * | removed                     | the map that says so: it is looked at each time, and connections that are open are closed |
 * | got another key             | a minute after the old one was last asked about; the new one is taken at once             |
 *
 * While the monitors do not answer, a key that was asked about once goes on to count: I/O goes on without them. A name that was
 * never asked about is refused then, in words that say why.
 */
import { CairnError, isCairnError } from '../../base/errors.js';
import { type MonotonicMs, monotonicMs } from '../../base/instants.js';
import type { ClusterMap } from '../../cluster/map.js';
import { authServiceKey } from '../../protocol/commands/auth.js';
import type { MonitorClient } from '../../protocol/monitor-client.js';
import type { Runtime } from '../../runtime/runtime.js';
import type { Keyring } from '../../wire/identity.js';

/** Older, and the monitors are asked again. */
const keptMs = 60_000;
/** A proof that did not fit is a reason to ask again, but whoever proves nonsense must not make a question of each attempt. */
const freshMs = 1_000;
/** Within the time of a handshake. */
const askMs = 3_000;
/** After they did not answer, nobody waits for them so long. */
const restMs = 5_000;
/** The map is sent to OSDs and clients at once: a name may be in that of a client a moment earlier. */
const newcomerMs = 1_000;
const keptMax = 4_096;
const askingMax = 64;

interface Kept {
  readonly key: Uint8Array;
  readonly askedAt: MonotonicMs;
}

export class ServiceKeys implements Keyring {
  readonly #runtime: Runtime;
  readonly #monitors: MonitorClient;
  readonly #kept = new Map<string, Kept>();
  readonly #asking = new Map<string, Promise<Uint8Array | undefined>>();
  readonly #newcomers = new Set<() => void>();
  #entities: ClusterMap['entities'] | undefined;
  #silentSince: MonotonicMs | undefined;

  constructor(runtime: Runtime, monitors: MonitorClient) {
    this.#runtime = runtime;
    this.#monitors = monitors;
  }

  onMap({ entities }: Pick<ClusterMap, 'entities'>): void {
    if (entities === this.#entities) return;
    this.#entities = entities;
    for (const name of this.#kept.keys()) if (!entities.has(name)) this.#kept.delete(name);
    for (const wake of this.#newcomers) wake();
  }

  async keyFor(name: string, isFresh = false): Promise<Uint8Array | undefined> {
    // Names are the map's to know: strangers cost the monitors no question.
    if (!(await this.#isKnown(name))) return undefined;
    const kept = this.#kept.get(name);
    if (kept !== undefined && this.#isGood(kept, isFresh)) return kept.key;
    try {
      const key = await this.#ask(name);
      // It may have been removed meanwhile.
      return this.#entities?.has(name) === true ? key : undefined;
    } catch (error) {
      if (!isCairnError(error)) throw error;
      const still = this.#kept.get(name);
      if (still !== undefined) return still.key;
      const sentence = `this OSD cannot find out the key of ${name}: ${error.message}`;
      throw new CairnError('DEADLINE_EXCEEDED', `${sentence}; try again when the monitors have a quorum`, {
        cause: error,
      });
    }
  }

  #isGood({ askedAt }: Kept, isFresh: boolean): boolean {
    const now = this.#runtime.clock.now();
    if (this.#silentSince !== undefined && now - this.#silentSince < restMs) return true;
    return now - askedAt < (isFresh ? freshMs : keptMs);
  }

  async #isKnown(name: string): Promise<boolean> {
    if (this.#entities === undefined) throw new CairnError('OVERLOADED', 'this OSD has no map yet; try again');
    const { clock } = this.#runtime;
    const until = clock.now() + newcomerMs;
    const isKnown = (): boolean => this.#entities?.has(name) ?? false;
    while (!isKnown()) {
      const leftMs = until - clock.now();
      if (leftMs <= 0) return false;
      await this.#nextEntities(leftMs);
    }
    return true;
  }

  /** As many wait as there are handshakes: the listener bounds those. */
  #nextEntities(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        timer.cancel();
        this.#newcomers.delete(wake);
        resolve();
      };
      const timer = this.#runtime.clock.after(Math.ceil(ms), wake);
      this.#newcomers.add(wake);
    });
  }

  /** One question at a time about each name. */
  #ask(name: string): Promise<Uint8Array | undefined> {
    const present = this.#asking.get(name);
    if (present !== undefined) return present;
    if (this.#asking.size >= askingMax) {
      return Promise.reject(new CairnError('OVERLOADED', 'too many keys are being asked about'));
    }
    const asking = this.#askMonitors(name).finally(() => this.#asking.delete(name));
    this.#asking.set(name, asking);
    return asking;
  }

  async #askMonitors(name: string): Promise<Uint8Array | undefined> {
    const askedAt = this.#runtime.clock.now();
    const deadline = monotonicMs(askedAt + askMs);
    let key: Uint8Array | undefined;
    try {
      ({ key } = (await this.#monitors.query(authServiceKey, { name, service: 'osd' }, { deadline })).result);
    } catch (error) {
      this.#silentSince = this.#runtime.clock.now();
      throw error;
    }
    this.#silentSince = undefined;
    this.#kept.delete(name);
    if (key === undefined) return undefined;
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= keptMax && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(name, { key, askedAt });
    return key;
  }
}
