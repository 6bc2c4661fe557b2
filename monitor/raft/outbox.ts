/** Gathers what one step asks of the driver, and makes the output of it. */
import { invariant } from '../../base/invariant.js';
import type { Durability } from './durability.js';
import type { RaftLog } from './log.js';
import type { Persist, RaftOutput, RaftRefusal, SnapshotChunkToSend, TransferBegunAnew } from './output.js';
import type { HardState, LogEntry, LogIndex, RaftMessage, SnapshotMeta, Term } from './types.js';

type Received = NonNullable<Persist['snapshotChunk']>;
type ReadAnswer = RaftOutput['reads'][number];

/** Shared by all outputs that have nothing of a kind: most steps do nothing. */
const nothing: readonly never[] = Object.freeze([]);
const firstOutput = 1;

export class Outbox {
  readonly #log: RaftLog;
  readonly #durability: Durability;
  #number = firstOutput;
  #hardState: HardState | undefined;
  #firstWritten: LogIndex | undefined;
  #chunk: Received | undefined;
  #dropsLog = false;
  #messages: RaftMessage[] | undefined;
  #afterPersist: RaftMessage[] | undefined;
  #snapshotChunks: SnapshotChunkToSend[] | undefined;
  #pins: readonly SnapshotMeta[] | undefined;
  #begunAnew: TransferBegunAnew[] | undefined;
  #reads: ReadAnswer[] | undefined;
  #committed: readonly LogEntry[] = nothing;
  #restore: SnapshotMeta | undefined;
  #refused: RaftRefusal | undefined;
  #proposed: RaftOutput['proposed'];

  constructor(log: RaftLog, durability: Durability) {
    this.#log = log;
    this.#durability = durability;
  }

  /** Of the output that is being gathered. */
  get number(): number {
    return this.#number;
  }

  /** May leave before anything of this output or earlier ones is durable. */
  send(message: RaftMessage): void {
    (this.#messages ??= []).push(message);
  }

  /** A promise: leaves once this output and all earlier ones are durable. */
  sendAfterPersist(message: RaftMessage): void {
    (this.#afterPersist ??= []).push(message);
  }

  sendChunk(chunk: SnapshotChunkToSend): void {
    (this.#snapshotChunks ??= []).push(chunk);
  }

  /** From now on these and no others. */
  pin(snapshots: readonly SnapshotMeta[]): void {
    this.#pins = snapshots;
  }

  beganAnew(transfer: TransferBegunAnew): void {
    (this.#begunAnew ??= []).push(transfer);
  }

  /** `undefined`: refused. */
  answerRead(id: number, index: LogIndex | undefined): void {
    (this.#reads ??= []).push({ id, index });
  }

  refuse(refused: RaftRefusal): void {
    this.#refused = refused;
  }

  proposed(first: LogIndex, term: Term): void {
    this.#proposed = { first, term };
  }

  committed(entries: readonly LogEntry[]): void {
    invariant(this.#committed.length === 0, 'a step hands out what it committed once');
    this.#committed = entries;
  }

  saveHardState(hardState: HardState): void {
    this.#hardState = hardState;
    this.#durability.hardStateWritten(this.#number);
  }

  /** Puts entries into the log and onto the disk. */
  append(entries: readonly LogEntry[]): void {
    const [first] = entries;
    if (first === undefined) return;
    invariant(this.#chunk === undefined, 'a step writes entries or a chunk');
    this.#log.append(entries);
    this.#durability.entriesWritten(this.#number, first.index, this.#log.last.index);
    if (this.#firstWritten === undefined || first.index < this.#firstWritten) this.#firstWritten = first.index;
  }

  saveChunk(chunk: Received): void {
    invariant(this.#firstWritten === undefined && this.#chunk === undefined, 'a step writes entries or a chunk');
    this.#chunk = chunk;
  }

  /** With the last chunk: the snapshot takes the place of the log up to its index. */
  install(snapshot: SnapshotMeta): void {
    invariant(this.#chunk?.chunk === snapshot.chunks - 1, 'a snapshot is installed with its last chunk');
    const { commit } = this.#log;
    const isHeld = this.#log.install(snapshot);
    this.#dropsLog = !isHeld;
    this.#durability.snapshotWritten(this.#number, snapshot.index, { keepsLogTo: isHeld ? undefined : commit });
    this.#restore = snapshot;
  }

  /** The output of the step; the next one begins. */
  take(): RaftOutput {
    const output: RaftOutput = {
      number: this.#number,
      persist: this.#persist(),
      messages: this.#messages ?? nothing,
      afterPersist: this.#afterPersist ?? nothing,
      snapshotChunks: this.#snapshotChunks ?? nothing,
      pins: this.#pins,
      begunAnew: this.#begunAnew ?? nothing,
      committed: this.#committed,
      restore: this.#restore,
      reads: this.#reads ?? nothing,
      refused: this.#refused,
      proposed: this.#proposed,
    };
    this.#number++;
    this.#hardState = undefined;
    this.#firstWritten = undefined;
    this.#chunk = undefined;
    this.#dropsLog = false;
    this.#messages = undefined;
    this.#afterPersist = undefined;
    this.#snapshotChunks = undefined;
    this.#pins = undefined;
    this.#begunAnew = undefined;
    this.#reads = undefined;
    this.#committed = nothing;
    this.#restore = undefined;
    this.#refused = undefined;
    this.#proposed = undefined;
    return output;
  }

  #persist(): Persist | undefined {
    const first = this.#firstWritten;
    if (this.#hardState === undefined && first === undefined && this.#chunk === undefined) return undefined;
    return {
      hardState: this.#hardState,
      entries: first === undefined ? nothing : this.#log.entries(first, this.#log.last.index),
      snapshotChunk: this.#chunk,
      dropsLog: this.#dropsLog,
    };
  }
}
