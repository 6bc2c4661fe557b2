/** A cluster under a seeded scheduler that does anything that the interfaces allow, a step at a time. */
import type { RaftInput, RaftOutput } from '../../../monitor/raft/output.js';
import { memberId, type Membership, type RaftMessage } from '../../../monitor/raft/types.js';
import { Prng } from '../../../runtime/sim/prng.js';
import { RaftInvariants } from './invariants.js';
import { Member } from './member.js';
import { ModelDisk } from './model-disk.js';

const ids = [1, 2, 3, 4, 5].map(memberId);
const founders: Membership = { voters: ids.slice(0, 3), learners: [] };
const nobody: Membership = { voters: [], learners: [] };
const messagesMax = 200;

/** Of what happened: a run that meets nothing proves nothing. */
export const noCounts = () => ({
  committed: 0,
  snapshots: 0,
  reads: 0,
  changes: 0,
  restarts: 0,
  transfers: 0,
  outlived: 0,
  begunAnew: 0,
});

export class FuzzCluster {
  readonly invariants = new RaftInvariants();
  readonly members: readonly Member[];
  readonly counts = noCounts();
  readonly #prng: Prng;
  readonly #network: RaftMessage[] = [];
  /** Members on different sides do not hear each other. */
  #sideOf = new Map<number, number>();
  #lossChance: number;
  readonly #faultChance: number;
  #nextRead = 1;

  constructor(seed: number) {
    this.#prng = new Prng(`raft fuzz ${seed}`);
    this.#lossChance = this.#prng.pick([0, 0.02, 0.2]);
    // Where faults are rare, longer stories get told.
    this.#faultChance = this.#prng.pick([0.05, 0.3, 1]);
    const retainedEntriesMax = this.#prng.pick([1, 10, 4_096]);
    const heldBytesMax = this.#prng.pick([300, 100_000]);
    const transferIdleTicksMax = this.#prng.pick([3, 600]);
    this.members = ids.map((self) => {
      const disk = new ModelDisk(founders.voters.includes(self) ? founders : nobody);
      this.invariants.started(self, disk.initial);
      const options = {
        self,
        appendBytesMax: 300,
        appendsInFlightMax: 3,
        uncommittedBytesMax: 3_000,
        retainedEntriesMax,
        heldBytesMax,
        transferIdleTicksMax,
      };
      return new Member(options, disk, {
        send: (message) => this.#send(message),
        stepped: (member, input, output) => this.#stepped(member, input, output),
      });
    });
  }

  /** One random event. */
  step(): void {
    const prng = this.#prng;
    const member = prng.pick(this.members);
    const draw = prng.below(1_000);
    if (draw < 250) member.step({ kind: 'tick', jitter: prng.float() });
    else if (draw < 620) this.#deliver();
    else if (draw < 840) member.persist(1 + prng.below(3));
    else if (draw < 920) this.#propose(this.#someLeader() ?? member);
    else if (draw < 945) member.step({ kind: 'read', id: this.#nextRead++ });
    else if (draw < 960) this.#change(this.#someLeader() ?? member);
    else if (draw < 975) this.#compact(member);
    else if (draw < 983) (this.#someLeader() ?? member).step({ kind: 'transfer', to: prng.pick(ids) });
    else if (prng.chance(this.#faultChance)) this.#fault(member);
  }

  /** Everything works from now on: true once somebody commits what is proposed, and all voters have it. */
  recovers(): boolean {
    this.#sideOf = new Map();
    this.#lossChance = 0;
    let proposed: { readonly first: number; readonly term: number } | undefined;
    for (let round = 0; round < 1_000; round++) {
      for (const member of this.members) {
        member.persist();
        member.step({ kind: 'tick', jitter: this.#prng.float() });
      }
      for (let left = 2 * messagesMax; this.#network.length > 0 && left > 0; left--) {
        this.#take(0);
        for (const member of this.members) member.persist();
      }
      const leader = this.members.find(({ status }) => status.role === 'leader' && status.isReady);
      if (leader === undefined) continue;
      if (proposed?.term !== leader.status.term) {
        proposed = leader.step({ kind: 'propose', commands: [Uint8Array.of(1)] }).proposed;
      }
      const isThere = ({ id, status }: Member): boolean =>
        !leader.status.membership.voters.includes(id) || (proposed !== undefined && status.applied >= proposed.first);
      if (proposed?.term === leader.status.term && this.members.every(isThere)) return true;
    }
    return false;
  }

  #stepped(member: Member, input: RaftInput, output: RaftOutput): void {
    this.invariants.stepped(member.id, input, output, member.status);
    this.counts.outlived = this.invariants.snapshotsOutlived;
    this.counts.begunAnew = this.invariants.transfersBegunAnew;
    this.counts.committed += output.committed.length;
    if (output.restore !== undefined) this.counts.snapshots++;
    this.counts.reads += output.reads.filter(({ index }) => index !== undefined).length;
    if (output.committed.some(({ kind }) => kind === 'membership')) this.counts.changes++;
    if (output.messages.some(({ kind }) => kind === 'timeout-now')) this.counts.transfers++;
  }

  #send(message: RaftMessage): void {
    const prng = this.#prng;
    if (this.#sideOf.get(message.from) !== this.#sideOf.get(message.to) || prng.chance(this.#lossChance)) return;
    this.#network.push(message);
    if (prng.chance(0.02)) this.#network.push(message);
    while (this.#network.length > messagesMax) this.#network.splice(prng.below(this.#network.length), 1);
  }

  #deliver(): void {
    if (this.#network.length === 0) return;
    // Mostly in order, so that something gets done; now and then from anywhere.
    this.#take(this.#prng.chance(0.3) ? this.#prng.below(this.#network.length) : 0);
  }

  #take(at: number): void {
    const [message] = this.#network.splice(at, 1);
    this.members.find(({ id }) => id === message?.to)?.step({ kind: 'message', message: message as RaftMessage });
  }

  #someLeader(): Member | undefined {
    const leaders = this.members.filter(({ status }) => status.role === 'leader');
    return leaders.length === 0 ? undefined : this.#prng.pick(leaders);
  }

  #propose(member: Member): void {
    const commands = Array.from({ length: 1 + this.#prng.below(4) }, () => this.#prng.bytes(1 + this.#prng.below(60)));
    member.step({ kind: 'propose', commands });
  }

  #change(member: Member): void {
    const { voters, learners } = member.status.membership;
    const chosen = this.#prng.pick(ids);
    const without = { voters: voters.filter((id) => id !== chosen), learners: learners.filter((id) => id !== chosen) };
    const part = learners.includes(chosen) ? 'voters' : 'learners';
    const withIt = { ...without, [part]: [...without[part], chosen].sort((a, b) => a - b) };
    const membership = this.#prng.pick<Membership>([without, withIt]);
    member.step({ kind: 'propose-membership', membership, data: Uint8Array.of(chosen) });
  }

  #compact(member: Member): void {
    member.compact(1 + this.#prng.below(4));
  }

  #fault(member: Member): void {
    if (this.#prng.chance(0.5)) this.#restart(member);
    else this.#partition();
  }

  #restart(member: Member): void {
    member.restart(this.#prng.below(member.writeCount + 1));
    this.invariants.started(member.id, member.disk.initial);
    this.counts.restarts++;
  }

  #partition(): void {
    const isHealing = this.#prng.chance(0.6);
    this.#sideOf = new Map(ids.map((id) => [id, isHealing ? 0 : this.#prng.below(2)]));
  }
}
