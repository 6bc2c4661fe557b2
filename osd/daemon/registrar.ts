/**
 * Registers an OSD with the monitors (PG-PROTOCOL.md section 1, "Registration"): until they take it, or say that they never
 * will. **Every attempt has a boot counter of its own, durable before it is sent**: an answer may be lost, and a counter
 * that was used twice is what tells an old image of a disk from the disk.
 */
import { hexText } from '../../base/bytes.js';
import { CairnError, isCairnError } from '../../base/errors.js';
import { monotonicMs } from '../../base/instants.js';
import { epoch, type OsdId, storeNumber } from '../../cluster/ids.js';
import type { RegistrationRefusal } from '../../cluster/osd-registration.js';
import type { NodeAddress } from '../../cluster/osd.js';
import { osdRegister } from '../../protocol/commands/osd.js';
import type { MonitorClient } from '../../protocol/monitor-client.js';
import type { Runtime } from '../../runtime/runtime.js';
import { Backoff } from '../../wire/backoff.js';
import type { SelfIdentity } from '../pg/pg-service.js';
import { membershipOf } from '../store/format/superblock.js';
import type { Store } from '../store/store.js';

export interface RegistrarOptions {
  readonly osd: OsdId;
  readonly directory: string;
  readonly publicAddress: NodeAddress;
  readonly clusterAddress: NodeAddress;
  readonly hostname: string;
  readonly version: string;
  /** `type=name` words: where a new OSD stands in CRUSH. Default: in a host called as its machine. */
  readonly location?: readonly string[] | undefined;
  readonly deviceClass?: string | undefined;
}

/** Bits of the formats that this program reads and writes (`ClusterMap.requiredFeatures`): none has been added yet. */
const features = 0;
/** For one attempt: longer than any election. */
const attemptMs = 30_000;
const pauseMsMin = 250;
/** An operator who unset `noup` does not want to wait for long. */
const pauseMsMax = 5_000;

/** Whatever is said is said for good: waiting does not heal it. */
const lastingCodes = new Set<string>([
  'AUTHENTICATION_FAILED',
  'PERMISSION_DENIED',
  'VERSION_MISMATCH',
  'INVALID_ARGUMENT',
  'UNSUPPORTED',
]);

export class Registrar {
  readonly #runtime: Runtime;
  readonly #options: RegistrarOptions;
  readonly #store: Store;
  readonly #monitors: MonitorClient;
  /** The counter that opening the store has written belongs to the first attempt. */
  #usedBoot = 0;
  #lastReason = '';

  constructor(runtime: Runtime, options: RegistrarOptions, store: Store, monitors: MonitorClient) {
    this.#runtime = runtime;
    this.#options = options;
    this.#store = store;
    this.#monitors = monitors;
  }

  /**
   * Resolves with what the cluster took this process for. Rejects with `CANCELLED`, with what the store fails with, or with
   * a refusal that lasts, in words for the operator.
   */
  async register(signal: AbortSignal): Promise<SelfIdentity> {
    const backoff = new Backoff(this.#runtime.random, { minMs: pauseMsMin, maxMs: pauseMsMax });
    backoff.nextMs();
    for (;;) {
      try {
        return await this.#attempt(await this.#nextBoot(), signal);
      } catch (error) {
        if (!isCairnError(error) || signal.aborted) throw error;
        const lasting = this.#lasting(error);
        if (lasting !== undefined) throw lasting;
        this.#note(error);
      }
      await this.#runtime.clock.sleep(Math.ceil(backoff.nextMs()), signal);
    }
  }

  async #nextBoot(): Promise<number> {
    const boot = this.#store.boot > this.#usedBoot ? this.#store.boot : await this.#store.raiseBoot();
    this.#usedBoot = boot;
    return boot;
  }

  async #attempt(boot: number, signal: AbortSignal): Promise<SelfIdentity> {
    const { osd, directory: _directory, ...said } = this.#options;
    const { capacityBytes } = this.#store.superblock;
    const { uuid, formerly } = membershipOf(this.#store.superblock);
    const names: { readonly formerly?: string[] | undefined } =
      formerly.length === 0 ? {} : { formerly: formerly.map((name) => hexText(name)) };
    const deadline = monotonicMs(this.#runtime.clock.now() + attemptMs);
    const registered = await this.#monitors.change(
      osdRegister,
      { osd, uuid: hexText(uuid), ...names, boot, capacityBytes, features, ...said },
      { deadline, signal },
    );
    const { store, epoch: registeredAt } = registered;
    this.#lastReason = '';
    this.#runtime.log.info({ osd, store, boot, epoch: registeredAt }, 'registered');
    return { osd, store: storeNumber(store), boot, registeredAt: epoch(registeredAt) };
  }

  /** `undefined` for what another attempt may do better. */
  #lasting(error: CairnError): CairnError | undefined {
    const { osd, directory } = this.#options;
    const told = (sentence: string): CairnError =>
      new CairnError(error.code, sentence, { cause: error, details: error.details });
    const refusal = error.details['refusal'] as RegistrationRefusal | undefined;
    if (refusal === 'restored-image') {
      const what = `${directory} is an old image of the disk of osd.${osd}: writes that were made since are not on it`;
      const how = `remove it, make a new store with \`cairn osd mkfs --osd ${osd}\`, and the cluster fills that again`;
      return told(`${what}; ${how} (${error.message})`);
    }
    if (refusal === 'wrong-slot') return told(`${directory} has the disk of another OSD: ${error.message}`);
    if (error.code === 'AUTHENTICATION_FAILED') {
      const how = `if it was not removed, get its key with \`cairn auth get osd.${osd} -o FILE\``;
      return told(`the monitors do not know osd.${osd} by this key; ${how} (${error.message})`);
    }
    return lastingCodes.has(error.code) ? error : undefined;
  }

  /** Once per reason: the same attempt may fail for hours. */
  #note(error: CairnError): void {
    const reason = `${error.code} ${String(error.details['refusal'])}`;
    const { message, code } = error;
    if (reason === this.#lastReason) this.#runtime.log.debug({ code, reason: message }, 'not registered yet');
    else this.#runtime.log.warn({ code, reason: message }, 'not registered yet; trying again');
    this.#lastReason = reason;
  }
}
