/** The requests that share one entry: decided one after the other, then written together as a transaction. */
import { CairnError, toCairnError } from '../../base/errors.js';
import type { WallMs } from '../../base/instants.js';
import { emptyBytes } from '../../base/bytes.js';
import type { Steps } from '../../base/steps.js';
import { encodeIncrementalInSlices } from '../../cluster/codec/incremental-codec.js';
import { epoch } from '../../cluster/ids.js';
import { mergeChanges } from '../../cluster/merge-changes.js';
import { encodeHeader } from '../../wire/header-codec.js';
import type { Membership } from '../raft/types.js';
import { Draft } from '../state/draft.js';
import type { RecordedReply, Transaction } from '../state/transaction.js';
import type { StateView } from '../state/types.js';
import type { ChangeRequest } from './change-request.js';

/** Evaluating so many takes a few ms, and their entry stays far below a message's limit. */
const requestsMax = 256;
const replyBytesMax = 256 * 1024;
/** Of changes before one more request is taken in, as `Draft.weight` counts: some 4 MiB, of 16 that an entry may have. */
const weightMax = 20_000;
/** Of one answer that is kept for retries, in the state and in every snapshot: the names of some 20,000 OSDs. */
const storedReplyBytesMax = 256 * 1024;
/** Of large changes, at a millisecond or two each. */
const stepsPerTurn = 2;

export type Outcome<Waiting> =
  | { readonly kind: 'done'; readonly waiting: Waiting; readonly result: unknown }
  | { readonly kind: 'refused'; readonly waiting: Waiting; readonly error: CairnError };

export class Batch<Waiting extends { readonly request: ChangeRequest }> {
  readonly outcomes: Outcome<Waiting>[] = [];
  readonly #base: StateView;
  readonly #wall: WallMs;
  readonly #draft: Draft;
  readonly #replies: RecordedReply[] = [];
  readonly #sessions = new Set<string>();
  readonly #audit: Transaction['audit'][number][] = [];
  readonly #yieldTurn: () => Promise<void>;
  #replyBytes = 0;
  #membership: Membership | undefined;
  #isAlone = false;
  #isTime = false;

  /** `yieldTurn` lets other work run: large changes are taken and written in slices. */
  constructor(base: StateView, wall: WallMs, yieldTurn: () => Promise<void>) {
    this.#yieldTurn = yieldTurn;
    this.#base = base;
    this.#wall = wall;
    this.#draft = new Draft(base, wall);
  }

  /** Goes into the entry as its membership. */
  get membership(): Membership | undefined {
    return this.#membership;
  }

  /** The epoch that the map will have. */
  get epoch(): number {
    return this.#base.map.epoch + (this.#draft.changes.length > 0 ? 1 : 0);
  }

  /** Nothing to write: whoever is refused is told so all the same. */
  get isEmpty(): boolean {
    return (
      this.#draft.isEmpty &&
      this.#replies.length === 0 &&
      this.#audit.length === 0 &&
      this.#membership === undefined &&
      !this.#isTime
    );
  }

  /** Whether an answer for it is among those of this batch. */
  hasSession(session: string): boolean {
    return this.#sessions.has(session);
  }

  takes(request: ChangeRequest): boolean {
    if (this.outcomes.length === 0) return true;
    if (this.#isAlone || request.isAlone === true) return false;
    return this.outcomes.length < requestsMax && this.#replyBytes < replyBytesMax && this.#draft.weight < weightMax;
  }

  /** Fenced: what the request throws, or does wrong, is its own failure. */
  async decide(waiting: Waiting): Promise<void> {
    const { request } = waiting;
    this.#isAlone = request.isAlone === true;
    try {
      const decision = await request.evaluate(this.#draft.view, this.#wall);
      const result = encodeHeader(decision.result);
      if (request.id !== undefined) checkStored(request.name, result);
      const steps = this.#draft.addSteps(decision);
      // A small change has one step only, and waits for nothing.
      if (steps.next().done !== true) await this.#inSlices(steps);
      this.#membership = decision.membership;
      this.#isTime ||= decision.isTime === true;
      if (request.id !== undefined) {
        const { session, number, floor } = request.id;
        this.#replies.push({ session, number, floor, result });
        this.#sessions.add(session);
        this.#replyBytes += result.byteLength;
      }
      this.outcomes.push({ kind: 'done', waiting, result: decision.result });
      this.#audits(request, { kind: 'done', epoch: this.epoch });
    } catch (error) {
      const refusal = toCairnError(error);
      this.outcomes.push({ kind: 'refused', waiting, error: refusal });
      this.#audits(request, { kind: 'refused', code: refusal.code });
    }
  }

  /** Without being evaluated: told once the entry shows that this monitor still leads, as every refusal. */
  refuse(waiting: Waiting, error: CairnError): void {
    this.outcomes.push({ kind: 'refused', waiting, error });
  }

  /** `ends`: sessions that are over with it; none that `hasSession`. */
  async transaction(wallLimit: WallMs, ends: Transaction['ends'] = []): Promise<Transaction> {
    const { keys, mutes, log } = this.#draft;
    const changes = mergeChanges(this.#draft.changes);
    const { epoch: baseEpoch, fsid } = this.#base.map;
    return {
      expects: this.#base.version,
      wall: this.#wall,
      wallLimit,
      incremental:
        changes.length === 0
          ? emptyBytes
          : await this.#inSlices(
              encodeIncrementalInSlices({ epoch: epoch(baseEpoch + 1), fsid, changedAt: this.#wall, changes }),
            ),
      replies: this.#replies,
      ends,
      keys,
      mutes,
      log,
      audit: this.#audit,
    };
  }

  /** A step is a millisecond or two. */
  async #inSlices<T>(steps: Steps<T>): Promise<T> {
    for (let count = 1; ; count += 1) {
      const step = steps.next();
      if (step.done === true) return step.value;
      if (count % stepsPerTurn === 0) await this.#yieldTurn();
    }
  }

  #audits(request: ChangeRequest, outcome: Transaction['audit'][number]['outcome']): void {
    if (request.audit === undefined) return;
    const { who, from, command, args } = request.audit;
    this.#audit.push({ who, from, command, args, outcome });
  }
}

/** Throws `UNSUPPORTED`, so that the change is not made: an answer that may have to be given again has to be kept. */
function checkStored(name: string, { byteLength }: Uint8Array): void {
  if (byteLength <= storedReplyBytesMax) return;
  const what = `${name}: the answer would have ${byteLength} bytes, more than the ${storedReplyBytesMax} that are kept`;
  throw new CairnError('UNSUPPORTED', `${what} for retries; change fewer things at once`);
}
