/** A simulated machine: clocks, disks, an address, processes; power that fails and lids that close. */
import { CairnError } from '../../base/errors.js';
import { invariant } from '../../base/invariant.js';
import type { HttpAnswer } from '../http-exchange.js';
import type { Address } from '../network.js';
import type { Runtime } from '../runtime.js';
import type { Fabric, Host } from './fabric.js';
import { MachineTime, tickMs } from './machine-time.js';
import { Owner } from './owner.js';
import { Prng } from './prng.js';
import { SimProcess, type ProcessOptions } from './process.js';
import { SimClock } from './sim-clock.js';
import { SimDisk, type Mount } from './sim-disk.js';
import { SimHttpListener, SimHttpServers } from './sim-http.js';
import { SimKvStore } from './sim-kv.js';
import { SimLogger } from './sim-logger.js';
import { SimMemory } from './sim-memory.js';
import { SimNetwork } from './sim-network.js';
import type { Rarities } from './rarities.js';
import type { Scheduler } from './scheduler.js';
import { SimVolume, type VolumeOptions } from './volume.js';

export interface MachineOptions {
  /** Disks by mount path. Default one at `/`. */
  readonly disks?: Readonly<Record<string, VolumeOptions>>;
  /** Local milliseconds per world millisecond. Default within 100 ppm of 1, by the seed. */
  readonly clockRate?: number;
  /** Default within a second, by the seed. */
  readonly wallOffsetMs?: number;
}

export interface HttpGetOptions {
  /** Default GET. */
  readonly method?: string;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface MachineParts {
  readonly name: string;
  readonly seed: string;
  readonly scheduler: Scheduler;
  readonly fabric: Fabric;
  readonly rarities: Rarities;
}

/** Quartz is good for some 50 ppm; twice that leaves room for a hot rack. */
const clockRateErrorMax = 100e-6;

/** Half of the processes are idle enough to wake for each completion. */
const turnMsChoices = [tickMs, tickMs, 1 / 16, 1 / 4];

export class Machine {
  readonly name: string;
  readonly time: MachineTime;
  readonly processes = new Set<SimProcess>();
  readonly #parts: MachineParts;
  readonly #host: Host;
  readonly #mounts: readonly Mount[];
  #isUp = true;
  #startCount = 0;
  #ioBoundaryCount = 0;
  #crashAt: { readonly count: number; readonly resolve: () => void } | undefined;

  constructor(parts: MachineParts, options: MachineOptions) {
    this.name = parts.name;
    this.#parts = parts;
    const prng = new Prng(`${parts.seed}/machine/${parts.name}`);
    const origin = prng.between(1_000, 1e6);
    const rate = 1 + prng.between(-clockRateErrorMax, clockRateErrorMax);
    const wallOffsetMs = prng.between(-1_000, 1_000);
    this.time = new MachineTime({
      origin,
      rate: options.clockRate ?? rate,
      wallOffsetMs: options.wallOffsetMs ?? wallOffsetMs,
    });
    this.#host = parts.fabric.addHost(parts.name, this.time, this.#newKernel());
    this.#mounts = Object.entries(options.disks ?? { '/': {} }).map(([path, volumeOptions]) => ({
      path,
      volume: new SimVolume(`${parts.name}:${path}`, parts.scheduler, parts.seed, volumeOptions),
    }));
  }

  /** Its address: what other machines connect to. */
  get host(): string {
    return this.#host.ip;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  get isSuspended(): boolean {
    return this.time.isSuspended;
  }

  /**
   * How many operations of its disks and key-value stores have begun, and how many were done, since it was made. (`getSync`
   * is none.)
   */
  get ioBoundaryCount(): number {
    return this.#ioBoundaryCount;
  }

  /** The disk mounted at that path. */
  disk(path = '/'): SimVolume {
    const mount = this.#mounts.find((candidate) => candidate.path === path);
    invariant(mount !== undefined, 'a disk is mounted there', { machine: this.name, path });
    return mount.volume;
  }

  /** Runs `main` as a process of this machine; several may have the same name, one after the other or at once. */
  start(name: string, main: (runtime: Runtime) => Promise<void>, options: ProcessOptions = {}): SimProcess {
    invariant(this.#isUp, 'a process starts on a machine that is up', { machine: this.name, process: name });
    const { scheduler, seed, fabric, rarities } = this.#parts;
    const label = `${this.name}/${name}`;
    this.#startCount += 1;
    const turnMs = new Prng(`${seed}/turn/${label}/${this.#startCount}`).pick(turnMsChoices);
    const process = new SimProcess(label, name, scheduler, this.time, { turnMs, ...options });
    const clock = new SimClock(process, this.time);
    const disk = new SimDisk(process, this.#mounts);
    const log = new SimLogger((level, fields, sentence) => process.log(level, fields, sentence));
    const runtime: Runtime = {
      clock,
      random: new Prng(`${seed}/process/${label}/${this.#startCount}`),
      network: new SimNetwork(process, clock, fabric, this.#host),
      http: new SimHttpServers(process, clock, log, fabric, this.#host),
      disk,
      kv: new SimKvStore(process, disk),
      memory: new SimMemory(),
      log,
      rare: (rarity) => rarities.happens(rarity),
      fatal: (error) => process.fatal(error),
    };
    this.processes.add(process);
    process.onEnd = () => this.processes.delete(process);
    process.onIoBoundary = () => this.#passIoBoundary();
    process.start(runtime, main);
    return process;
  }

  /**
   * Asks the HTTP server at that port of this machine, as an operator would; faults of the network do not reach it. Errors:
   * `UNREACHABLE` (the machine is down), `CONNECTION_REFUSED`, `CONNECTION_LOST` (the process died meanwhile).
   */
  async httpGet(port: number, target: string, options: HttpGetOptions = {}): Promise<HttpAnswer> {
    if (!this.#isUp) throw new CairnError('UNREACHABLE', `${this.name} is down`);
    for (const listener of this.#host.listeners) {
      if (listener.address.port !== port || !(listener instanceof SimHttpListener)) continue;
      const headers = new Map(Object.entries(options.headers ?? {}));
      return await listener.ask({ method: options.method ?? 'GET', target, headers });
    }
    throw new CairnError('CONNECTION_REFUSED', `nobody serves HTTP at port ${port} of ${this.name}`);
  }

  /** Hands what arrives at that UDP port of this machine to the test, until the machine loses power. */
  receiveDatagrams(port: number, onDatagram: (bytes: Uint8Array, from: Address) => void): void {
    this.#host.datagramReceivers.set(port, onDatagram);
  }

  /** The power fails: processes vanish, peers hear nothing, and the disks keep what the rules of durability allow. */
  crash(): void {
    if (!this.#isUp) return;
    this.#parts.scheduler.note('machine.crash', this.name);
    this.#isUp = false;
    for (const process of this.processes) process.vanish();
    this.#parts.fabric.onPowerLoss(this.#host);
    this.#host.kernel.end();
    for (const { volume } of this.#mounts) volume.crash();
    if (this.#crashAt === undefined) return;
    this.#parts.scheduler.touch();
    this.#crashAt.resolve();
    this.#crashAt = undefined;
  }

  /**
   * The power fails at the `count`-th boundary from now: right after an operation of a disk or a key-value store began (it
   * may be done in part) or was done (its process never learns of it). Resolves when it has failed, be it for another reason before. A test first counts
   * the boundaries of a run (`ioBoundaryCount`), then repeats the run with the same seed and a crash at each of them.
   */
  crashAtIoBoundary(count: number): Promise<void> {
    invariant(Number.isSafeInteger(count) && count >= 1, 'a crash comes at a later boundary', { count });
    return new Promise((resolve) => {
      this.#crashAt = { count: this.#ioBoundaryCount + count, resolve };
    });
  }

  /** The power is back: the kernel answers again (with resets); processes are the caller's to start. */
  restart(): void {
    this.crash();
    this.#parts.scheduler.note('machine.restart', this.name);
    this.time.resume(this.#parts.scheduler.now);
    this.#parts.scheduler.dropParked(this.time);
    this.#host.kernel = this.#newKernel();
    this.#host.isUp = true;
    this.#isUp = true;
  }

  /** The lid closes: no event of this machine happens, packets to it are lost, its monotonic clock stands still. */
  suspend(): void {
    this.#parts.scheduler.note('machine.suspend', this.name);
    this.time.suspend(this.#parts.scheduler.now);
  }

  resume(): void {
    this.#parts.scheduler.note('machine.resume', this.name);
    this.time.resume(this.#parts.scheduler.now);
    this.#parts.scheduler.unpark(this.time);
  }

  /** Sets the wall clock forward or back; nothing else notices. */
  jumpWall(byMs: number): void {
    this.#parts.scheduler.note('machine.wall', this.name, byMs);
    this.time.jumpWall(byMs);
  }

  #passIoBoundary(): void {
    this.#ioBoundaryCount += 1;
    if (this.#crashAt?.count === this.#ioBoundaryCount) this.crash();
  }

  #newKernel(): Owner {
    return new Owner(`${this.name}/kernel`, this.time);
  }
}
