/**
 * The interpreter of transcripts: a cluster of pure cores that does nothing by itself. Every tick, delivery and write is
 * a command; every step is checked by `RaftInvariants` as well.
 *
 *   cluster 1 2 3               members that found a cluster as its voters
 *   option NAME NUMBER          an option of Raft, for members made afterwards
 *   found 1 2 3                 only says who the voters are, for `member`
 *   member 1 term 6 log 1 1 4   a voter whose disk has entries of these terms already
 *   joiner 4                    a member without a membership, as one is that was just installed
 *   tick 1 [COUNT] [JITTER]     jitter in hundredths
 *   deliver [1>2] [COUNT]       hands over all messages, oldest first, and those that come of it, until none is left;
 *                               those of one link only; so many only
 *   settle                      the same, printing what comes of it but not the messages
 *   network                     lists messages on their way
 *   drop 1>2, repeat 1>2        removes or doubles what is on its way on a link; `last 1>2` moves it behind all others
 *   cut 1 2 | cut 1 (from all)  from now on nothing passes, either way; heal ends all cuts
 *   hold 1>2, release           messages wait on this link
 *   manual 1                    writes wait for `persist 1 [COUNT]`; `auto 1` is how members start
 *   crash 1 [SURVIVORS]         loses memory and all but the first outstanding outputs; restart 1
 *   propose 1 a b | members 1 voters 1 2 learners 3 | transfer 1 2 | read 1 ID | compact 1 CHUNKS
 *   status [1 2] | log [1 2]    log: what is durable
 */
import type { RaftInput, RaftOptions, RaftOutput, RaftStatus } from '../../../monitor/raft/output.js';
import {
  logIndex,
  memberId,
  term,
  type LogEntry,
  type MemberId,
  type Membership,
  type RaftMessage,
} from '../../../monitor/raft/types.js';
import { RaftInvariants } from './invariants.js';
import { Member } from './member.js';
import { ModelDisk } from './model-disk.js';
import { effectLines, entriesText, messageText, position, statusText } from './transcript-words.js';

/** A transcript that needs more deliveries than this has its cluster talking in circles. */
const deliveriesMax = 2_000;
const snapshotChunksDefault = 3;

export class Interaction {
  readonly #invariants = new RaftInvariants();
  readonly #members = new Map<MemberId, Member>();
  readonly #statuses = new Map<MemberId, RaftStatus>();
  readonly #down = new Set<MemberId>();
  readonly #manual = new Set<MemberId>();
  readonly #held = new Set<string>();
  readonly #cut = new Set<string>();
  readonly #options: Record<string, number> = {};
  #founders: Membership = { voters: [], learners: [] };
  #network: RaftMessage[] = [];
  #lines: string[] = [];

  /** Carries out one line; returns what it printed. */
  run(line: string): string {
    this.#lines = [];
    const [command = '', ...words] = line.trim().split(/\s+/);
    const act = this.#commands[command];
    if (act === undefined) throw new Error(`no command ${command}: see the head of interaction.ts`);
    act(words);
    return this.#lines.join('\n');
  }

  readonly #commands: Readonly<Record<string, (words: readonly string[]) => void>> = {
    option: ([name = '', value]) => {
      this.#options[name] = Number(value);
    },
    found: (ids) => this.#found(ids),
    cluster: (ids) => {
      this.#found(ids);
      for (const id of ids) this.#start(id, new ModelDisk(this.#founders));
    },
    member: ([id = '', ...words]) => this.#start(id, this.#diskOf(words)),
    joiner: ([id = '']) => this.#start(id, new ModelDisk({ voters: [], learners: [] })),
    tick: ([id, count = '1', jitter = '0']) => {
      for (let i = 0; i < Number(count); i++) this.#step(id, { kind: 'tick', jitter: Number(jitter) / 100 });
    },
    deliver: (words) => {
      const link = words.find((word) => word.includes('>'));
      this.#deliver({ link, count: words.find((word) => word !== link), printsMessages: true });
    },
    settle: () => this.#deliver({ link: undefined, count: undefined, printsMessages: false }),
    network: () => this.#lines.push(...this.#network.map(messageText)),
    drop: ([link]) => this.#takeLink(link).forEach((message) => this.#lines.push(`lost: ${messageText(message)}`)),
    repeat: ([link]) => void this.#network.push(...this.#network.filter((message) => linkOf(message) === link)),
    last: ([link]) => void this.#network.push(...this.#takeLink(link)),
    cut: ([a, b]) => this.#cutOff(this.#id(a), b === undefined ? undefined : this.#id(b)),
    heal: () => this.#cut.clear(),
    hold: (links) => links.forEach((link) => this.#held.add(link)),
    release: () => this.#held.clear(),
    manual: (ids) => ids.forEach((id) => this.#manual.add(this.#id(id))),
    auto: (ids) => ids.forEach((id) => this.#auto(this.#member(id))),
    persist: ([id, count]) => this.#member(id).persist(count === undefined ? undefined : Number(count)),
    crash: ([id, survivors = '0']) => this.#crash(this.#member(id), Number(survivors)),
    restart: ([id]) => this.#down.delete(this.#id(id)),
    propose: ([id, ...commands]) => this.#step(id, { kind: 'propose', commands: commands.map(bytes) }),
    members: ([id, ...words]) => this.#proposeMembers(id, words),
    transfer: ([id, to]) => this.#step(id, { kind: 'transfer', to: this.#id(to) }),
    read: ([id, read]) => this.#step(id, { kind: 'read', id: Number(read) }),
    compact: ([id, chunks = snapshotChunksDefault]) => this.#compact(this.#member(id), Number(chunks)),
    status: (ids) => this.#each(ids, ({ status }) => statusText(status)),
    log: (ids) => this.#each(ids, ({ disk }) => `after ${position(disk.snapshot)}: ${entriesText(disk.entries)}`),
  };

  #found(ids: readonly string[]): void {
    this.#founders = { voters: ids.map(Number).map(memberId), learners: [] };
  }

  #diskOf(words: readonly string[]): ModelDisk {
    const disk = new ModelDisk(this.#founders);
    const terms = words.slice(words.indexOf('log') + 1).map(Number);
    disk.hardState = { term: term(Number(words[words.indexOf('term') + 1])), vote: undefined };
    disk.entries = terms.map((t, i): LogEntry => ({ kind: 'noop', index: logIndex(i + 1), term: term(t) }));
    return disk;
  }

  #start(word: string, disk: ModelDisk): void {
    const self = memberId(Number(word));
    const options: RaftOptions = { ...this.#options, self };
    this.#invariants.started(self, disk.initial);
    const member = new Member(options, disk, {
      send: (message) => this.#send(message),
      stepped: (stepped, input, output) => this.#stepped(stepped, input, output),
    });
    this.#members.set(self, member);
    this.#statuses.set(self, member.status);
  }

  #step(word: string | undefined, input: RaftInput): void {
    const member = this.#member(word);
    if (this.#down.has(member.id)) throw new Error(`member ${member.id} is down`);
    member.step(input);
    this.#settle(member);
  }

  /** The driver of a member in automatic mode writes at once. */
  #settle(member: Member): void {
    while (!this.#manual.has(member.id) && member.outstanding.length > 0) member.persist();
  }

  #stepped(member: Member, input: RaftInput, output: RaftOutput): void {
    const after = member.status;
    this.#invariants.stepped(member.id, input, output, after);
    const before = this.#statuses.get(member.id) ?? after;
    this.#statuses.set(member.id, after);
    for (const line of effectLines(before, after, output)) this.#lines.push(`${member.id}: ${line}`);
  }

  #send(message: RaftMessage): void {
    if (!this.#cut.has(linkOf(message))) this.#network.push(message);
  }

  #deliver(how: {
    readonly link: string | undefined;
    readonly count: string | undefined;
    readonly printsMessages: boolean;
  }): void {
    const { link, count, printsMessages } = how;
    const isNext = (message: RaftMessage): boolean =>
      !this.#held.has(linkOf(message)) && (link === undefined || linkOf(message) === link);
    for (let done = 0; done < Number(count ?? deliveriesMax); done++) {
      const at = this.#network.findIndex(isNext);
      const [message] = at === -1 ? [] : this.#network.splice(at, 1);
      if (message === undefined) return;
      if (printsMessages) this.#lines.push(messageText(message));
      const member = this.#members.get(message.to);
      if (member === undefined || this.#down.has(member.id) || this.#cut.has(linkOf(message))) continue;
      member.step({ kind: 'message', message });
      this.#settle(member);
    }
    if (count === undefined) throw new Error('the cluster does not come to rest');
  }

  #takeLink(link: string | undefined): RaftMessage[] {
    const taken = this.#network.filter((message) => linkOf(message) === link);
    this.#network = this.#network.filter((message) => linkOf(message) !== link);
    return taken;
  }

  #cutOff(a: MemberId, only: MemberId | undefined): void {
    const others = only === undefined ? [...this.#members.keys()].filter((id) => id !== a) : [only];
    for (const b of others) {
      this.#cut.add(`${a}>${b}`);
      this.#cut.add(`${b}>${a}`);
    }
  }

  #auto(member: Member): void {
    this.#manual.delete(member.id);
    this.#settle(member);
  }

  #crash(member: Member, survivors: number): void {
    member.restart(survivors);
    this.#invariants.started(member.id, member.disk.initial);
    this.#statuses.set(member.id, member.status);
    this.#down.add(member.id);
  }

  #compact(member: Member, chunks: number): void {
    if (!member.compact(chunks)) throw new Error(`member ${member.id} has nothing to compact`);
    this.#lines.push(`${member.id}: snapshot ${position(member.disk.snapshot)}`);
    this.#settle(member);
  }

  #proposeMembers(id: string | undefined, words: readonly string[]): void {
    const at = words.indexOf('learners');
    const ids = (part: readonly string[]): MemberId[] => part.map(Number).map(memberId);
    const voters = ids(words.slice(1, at === -1 ? undefined : at));
    const learners = at === -1 ? [] : ids(words.slice(at + 1));
    this.#step(id, { kind: 'propose-membership', membership: { voters, learners }, data: new Uint8Array() });
  }

  #each(words: readonly string[], text: (member: Member) => string): void {
    const members = words.length === 0 ? [...this.#members.values()] : words.map((word) => this.#member(word));
    for (const member of members) this.#lines.push(`${member.id}: ${text(member)}`);
  }

  #id(word: string | undefined): MemberId {
    return this.#member(word).id;
  }

  #member(word: string | undefined): Member {
    const member = this.#members.get(memberId(Number(word)));
    if (member === undefined) throw new Error(`there is no member ${word ?? ''}`);
    return member;
  }
}

function linkOf({ from, to }: RaftMessage): string {
  return `${from}>${to}`;
}

function bytes(word: string): Uint8Array {
  return new TextEncoder().encode(word);
}
