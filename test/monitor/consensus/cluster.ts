/** Monitors that are nothing but consensus and a few registers, on machines of a simulated world. */
import assert from 'node:assert/strict';
import { CairnError, isCairnError } from '../../../base/errors.js';
import { openConsensus } from '../../../monitor/consensus/consensus.js';
import type { ConsensusOptions } from '../../../monitor/consensus/options.js';
import type { Consensus } from '../../../monitor/consensus/types.js';
import {
  logIndex,
  memberId,
  term,
  type MemberId,
  type Membership,
  type RaftMessage,
} from '../../../monitor/raft/types.js';
import { RaftStore } from '../../../monitor/store/raft-store.js';
import type { Runtime } from '../../../runtime/runtime.js';
import type { Machine } from '../../../runtime/sim/machine.js';
import type { Prng } from '../../../runtime/sim/prng.js';
import type { SimProcess } from '../../../runtime/sim/process.js';
import type { World } from '../../../runtime/sim/world.js';
import { RaftInvariants } from '../raft/invariants.js';
import { AdversaryNetwork } from './adversary-network.js';
import { History } from './history.js';
import { initialState, piecesOf, RegisterMachine } from './register-machine.js';

export const fsid = '0b5e7f3627a14b0c9d1e8f2a3c4d5e6f';
export const tickMs = 10;

/** One machine, and whose monitor it is now. */
export interface Site {
  readonly machine: Machine;
  member: MemberId;
  process: SimProcess | undefined;
  /** While the process lives and has opened its store. */
  running:
    { readonly consensus: Consensus; readonly registers: RegisterMachine; readonly runtime: Runtime } | undefined;
}

export class Cluster {
  readonly world: World;
  readonly history = new History();
  readonly invariants = new RaftInvariants();
  readonly network: AdversaryNetwork;
  readonly sites: Site[] = [];
  readonly founders: Membership;
  readonly random: Prng;
  /** How many voters may yet lose their disks: each leaves its entries on one member less. */
  lossesLeft = 1;
  /** The first thing that must not be. */
  failure: { readonly error: unknown } | undefined;
  #lastMember: number;
  readonly #shape: Pick<
    ConsensusOptions,
    | 'snapshotAfterEntries'
    | 'retainedEntriesMax'
    | 'writeBytesMax'
    | 'heldBytesMax'
    | 'transferIdleTicksMax'
    | 'chunkBytes'
  >;

  constructor(world: World, carrier: Runtime, counts: { readonly founders: number; readonly spares: number }) {
    this.world = world;
    this.random = world.stream('cluster');
    this.network = new AdversaryNetwork(carrier.clock, world.stream('network'), (message) => this.#deliver(message));
    this.#shape = {
      snapshotAfterEntries: this.random.pick([2, 5, 15, 40, 1_000]),
      // So small that a leader takes several snapshots while one travels.
      chunkBytes: this.random.pick([8, 128]),
      // So few that members which lag are sent snapshots; so small that writes queue up.
      retainedEntriesMax: this.random.pick([1, 10, undefined]),
      writeBytesMax: this.random.pick([1, 300, undefined]),
      // So little, and so soon, that transfers of snapshots begin anew; or else go on to their ends.
      heldBytesMax: this.random.pick([1_000, undefined]),
      transferIdleTicksMax: this.random.pick([5, undefined]),
    };
    const total = counts.founders + counts.spares;
    for (let i = 1; i <= total; i++) {
      const machine = world.machine(`m${i}`, { clockRate: this.random.pick([1, 1, 0.9, 1.1]) });
      this.sites.push({ machine, member: memberId(i), process: undefined, running: undefined });
    }
    this.#lastMember = total;
    const voters = this.sites.slice(0, counts.founders).map(({ member }) => member);
    this.founders = { voters, learners: [] };
    this.invariants.founded({ index: logIndex(1), term: term(1) });
  }

  /** Starts the site's monitor, unless it runs or its machine is down. */
  boot(site: Site): void {
    if (site.process?.isAlive === true || !site.machine.isUp) return;
    const { member } = site;
    site.running = undefined;
    const process = site.machine.start('mon', (runtime) => this.#run(site, member, runtime), { mayFail: true });
    site.process = process;
  }

  /** What the process died of, if it was not killed, has to be a fault of its disk. */
  checkDeaths(): void {
    for (const { process, member } of this.sites) {
      const failure = rootOf(process?.failure);
      if (failure === undefined || isCairnError(failure, 'IO_ERROR') || isCairnError(failure, 'NO_SPACE')) continue;
      const reason = failure instanceof Error ? failure.message : 'of something that is no error';
      this.fail(new Error(`member ${member} stopped: ${reason}`, { cause: failure }));
    }
    if (this.failure !== undefined) throw this.failure.error;
  }

  fail(error: unknown): void {
    this.failure ??= { error };
  }

  /** Its disk is empty, and the machine comes back as somebody else. The machine is down meanwhile. */
  async wipe(site: Site): Promise<void> {
    site.machine.crash();
    site.machine.restart();
    const old = site.member;
    this.#lastMember += 1;
    site.member = memberId(this.#lastMember);
    site.process = undefined;
    site.running = undefined;
    const cleaner = site.machine.start('wipe', (runtime) => runtime.disk.removeTree(directoryOf(old)), {
      mayFail: true,
    });
    await Promise.race([cleaner.finished, this.world.sleep(50)]);
    cleaner.kill();
  }

  siteOf(member: MemberId): Site | undefined {
    return this.sites.find((site) => site.member === member);
  }

  get alive(): readonly (Site & { running: NonNullable<Site['running']> })[] {
    return this.sites.filter(
      (site): site is Site & { running: NonNullable<Site['running']> } =>
        site.running !== undefined && site.process?.isAlive === true,
    );
  }

  /** Who says of itself that it leads, of the highest term. */
  get leader(): (Site & { running: NonNullable<Site['running']> }) | undefined {
    const leaders = this.alive.filter(({ running }) => running.consensus.status.role === 'leader');
    const [first, ...rest] = leaders;
    if (first === undefined) return undefined;
    return rest.reduce((a, b) => (b.running.consensus.status.term > a.running.consensus.status.term ? b : a), first);
  }

  async #run(site: Site, member: MemberId, runtime: Runtime): Promise<void> {
    const registers = new RegisterMachine(this.history);
    const options = {
      directory: directoryOf(member),
      fsid,
      member,
      tickMs,
      ...this.#shape,
    };
    const open = (): Promise<Consensus> =>
      openConsensus(runtime, options, {
        transport: {
          send: (message) => {
            this.#watch(() => this.invariants.sent(message));
            this.network.send(message);
          },
          flush: () => this.network.flush(),
        },
        machine: registers,
        events: {
          onStart: (initial) =>
            this.#watch(() => {
              this.invariants.started(member, initial);
              // The restored state is of the snapshot's index, or of the last command before it.
              if (registers.applied > 0) this.history.follows(registers.applied, initial.snapshot.index + 1);
            }),
          onStep: (input, output, status) =>
            this.#watch(() => this.invariants.stepped(member, input, output, status())),
        },
      });
    let consensus;
    try {
      consensus = await open();
    } catch (error) {
      if (!isCairnError(error, 'NOT_FOUND')) throw error;
      await this.#create(runtime, member);
      consensus = await open();
    }
    if (site.member === member) site.running = { consensus, registers, runtime };
  }

  async #create(runtime: Runtime, member: MemberId): Promise<void> {
    const isFounder = this.founders.voters.includes(member);
    const snapshot = isFounder
      ? { index: logIndex(1), term: term(1), membership: this.founders, pieces: piecesOf(initialState) }
      : { index: logIndex(0), term: term(0), membership: { voters: [], learners: [] }, pieces: nothing() };
    await RaftStore.create(runtime, { directory: directoryOf(member), fsid, member, snapshot });
  }

  #watch(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.fail(error);
      throw error;
    }
  }

  #deliver(message: RaftMessage): void {
    const site = this.siteOf(message.to);
    if (site?.running === undefined || site.process?.isAlive !== true || site.machine.isSuspended) return;
    site.running.consensus.receive(message);
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function directoryOf(member: MemberId): string {
  return `/mon-${member}`;
}

function rootOf(error: unknown): unknown {
  let root = error;
  while (root instanceof CairnError && root.cause !== undefined) root = root.cause;
  return root;
}

/** Fails when a member's state or log differs from the others'. */
export function assertEqualStates(sites: readonly (Site & { running: NonNullable<Site['running']> })[]): void {
  const [first, ...rest] = sites;
  for (const { running, member } of rest) {
    assert.equal(running.registers.text, first?.running.registers.text, `member ${member} differs`);
  }
}
