/** A client's request at the primary of its PG, from the check of its id to the reply. */
import { hexText } from '../../../base/bytes.js';
import { CairnError, isCairnError, toCairnError } from '../../../base/errors.js';
import { printPgId } from '../../../cluster/ids.js';
import { pgOfHash } from '../../../cluster/object-placement.js';
import type { OpReply, OpRequest } from '../../../protocol/osd-methods.js';
import type { OutgoingReply } from '../../../wire/method.js';
import { evaluate } from '../execute/evaluate.js';
import type { Evaluated } from '../execute/evaluated.js';
import type { LentPayload } from '../lent-payload.js';
import { notServing } from '../refusals.js';
import { decodeStoredReply, encodeStoredReply } from '../stored-reply.js';
import { objectId, type ObjectId } from '../../store/object-id.js';
import { isDamage } from '../../scrub/object-digest.js';
import { ReadBuffers } from '../../store/read/read-buffers.js';
import { sessionIdBytes } from '../sessions/stored-answer.js';
import { append } from './append.js';
import { type Outcome, replyOf } from './outcome.js';
import type { Waiter } from '../types.js';
import type { PrimaryTerm } from './primary-term.js';

/** The request's payload, with who reads it, and memory for what it reads. */
interface Brought {
  readonly payload: Uint8Array;
  readonly lent: LentPayload | undefined;
  readonly buffers: ReadBuffers | undefined;
}

/**
 * Throws what the request is answered with. Before anything is appended whatever goes wrong fails this request alone, with
 * `applied: 'no'`.
 */
export async function runOp(
  primary: PrimaryTerm,
  request: OpRequest,
  payload: Uint8Array,
  caller: Waiter,
  lent: LentPayload | undefined,
): Promise<OutgoingReply<OpReply>> {
  if (!primary.isServing) throw notServing(primary.term.pg, 'is becoming active, or has too few copies');
  if (primary.term.host.map().flags.has('pause'))
    throw notServing(primary.term.pg, 'is paused by a flag of the cluster');
  const { name, namespace, locator } = request;
  const object = objectId(primary.term.pg.pool, { namespace, locator, name });
  // By the term its client knows the PG as it is now, so this is no route by an old map; an object written in another PG
  // than its own would be lost.
  if (pgOfHash(object.hash, primary.pool.pgNum) !== primary.term.pg.pg) {
    throw new CairnError('INVALID_ARGUMENT', `pg ${printPgId(primary.term.pg)} is not the one that the object is in`);
  }
  const mayChange = request.request > 0;
  checkSession(request);
  // What a change answers may be told to several attempts, and is not large.
  const buffers = mayChange ? undefined : new ReadBuffers(primary.term.host.runtime.memory);
  const parts = { payload, lent, buffers };
  const outcome = mayChange
    ? await once(primary, object, request, parts)
    : ((await readTogether(primary, object, request, parts)) ?? (await evaluated(primary, object, request, parts)));
  await primary.gate.passed(outcome.seen);
  // With fewer acknowledgements than members, terms alone do not stop a deposed primary (PG-PROTOCOL.md section 5).
  const isAsync = primary.term.record.mode.kind === 'async';
  if (!outcome.isChange || isAsync) await primary.untilReadable(caller);
  return told(outcome, buffers);
}

/** A request that was seen before is not run again: it gets the answer that it got, or will get. */
async function once(primary: PrimaryTerm, object: ObjectId, request: OpRequest, brought: Brought): Promise<Outcome> {
  const { sessions, term } = primary;
  const key = `${hexText(request.session)}/${request.request}`;
  const running = sessions.running.get(key);
  if (running !== undefined) return await running;
  const known = sessions.look(request, term.host.runtime.clock.now());
  if (known !== undefined) {
    // It may be of a request that changed nothing, so what it says has to be readable now.
    return { seen: known.seq, answer: decodeStoredReply(known.reply), payload: [], isChange: false };
  }
  const outcome = evaluated(primary, object, request, brought);
  sessions.running.set(key, outcome);
  try {
    const done = await outcome;
    // Also what changed nothing: a late copy of it may find the object otherwise, and must not change it then.
    if (!done.isChange)
      sessions.answered(request, done.seen, encodeStoredReply(done.answer), term.host.runtime.clock.now());
    return done;
  } catch (error) {
    if (isFinal(error)) {
      const answer = encodeStoredReply({ kind: 'error', error });
      sessions.answered(request, primary.copy.last.seq, answer, term.host.runtime.clock.now());
    }
    throw error;
  } finally {
    // Another term may have begun, and the request with it.
    if (sessions.running.get(key) === outcome) sessions.running.delete(key);
  }
}

/** The client is told that it failed, and asks no more. */
function isFinal(error: unknown): error is CairnError {
  return (
    isCairnError(error) && error.applied === 'no' && error.code !== 'OVERLOADED' && error.details['overtaken'] !== true
  );
}

/**
 * Beside others that only read the object. `undefined`: that does not do, since its copy here has to be mended, or the request wants
 * to change something after all.
 */
async function readTogether(
  primary: PrimaryTerm,
  object: ObjectId,
  request: OpRequest,
  { payload, buffers }: Brought,
): Promise<Outcome | undefined> {
  if (request.changes.length > 0 || primary.mender.isDamaged(object)) return undefined;
  const { queue, term } = primary;
  await primary.room();
  if (!queue.tryShare(object.key)) await queue.share(object.key);
  try {
    term.throwIfOver();
    const { host } = term;
    if (primary.mender.isDamaged(object)) return undefined;
    const { objects } = host.store;
    const options = { classes: host.classes, clock: host.classClock, buffers };
    const found = await guarded(() => evaluate(objects, object, request, payload, options));
    term.throwIfOver();
    if (found.kind === 'failed' ? isDamage(found.error) : found.value.mutations.length > 0) return undefined;
    return readOutcome(found, primary.seenOf(object.key));
  } finally {
    queue.leave(object.key);
  }
}

async function evaluated(
  primary: PrimaryTerm,
  object: ObjectId,
  request: OpRequest,
  { payload, lent, buffers }: Brought,
): Promise<Outcome> {
  const { queue, term } = primary;
  await primary.room();
  if (!queue.tryEnter(object.key)) await queue.enter(object.key);
  try {
    term.throwIfOver();
    const { host } = term;
    const options = { classes: host.classes, clock: host.classClock, buffers };
    const isReplaced = primary.mender.isDamaged(object) && replaces(request);
    const read = (): Promise<Evaluated> => evaluate(host.store.objects, object, request, payload, options);
    const found = await guarded(() => (isReplaced ? anew(object, read) : primary.mended(object, read)));
    term.throwIfOver();
    if (found.kind === 'failed' || found.value.mutations.length === 0) {
      return readOutcome(found, primary.seenOf(object.key));
    }
    const { mutations } = found.value;
    if (
      host.hasFull(term.record.acting) &&
      !mutations.every(({ kind }) => kind === 'remove' || kind.startsWith('omap-remove'))
    ) {
      throw new CairnError('NO_SPACE', 'a disk of this PG is full; delete something, or add OSDs');
    }
    if (request.request === 0) {
      throw new CairnError('INVALID_ARGUMENT', 'a request that changes something has a number in its session');
    }
    const { costBytes } = found.value;
    await primary.reserve(costBytes);
    let outcome: Outcome;
    try {
      outcome = await append(primary, object, request, { found: found.value, lent });
    } finally {
      primary.release(costBytes);
    }
    if (isReplaced) await primary.mender.forget(object);
    return outcome;
  } finally {
    queue.leave(object.key);
  }
}

/** Of what changes nothing. */
function readOutcome(found: Guarded, seen: number): Outcome {
  if (found.kind === 'failed') {
    // No answer, so it is not kept as one: the client asks again.
    if (found.error.code === 'OVERLOADED') throw found.error;
    return { seen, answer: { kind: 'error', error: found.error }, payload: [], isChange: false };
  }
  const { version, payload } = found.value;
  const reply = replyOf(found.value, version === 'new' || version === 'none' ? undefined : version);
  return { seen, answer: { kind: 'reply', reply }, payload, isChange: false };
}

/** Nothing of the object is asked for, and nothing of it stays: whatever is wrong with it here does not matter. */
function replaces({ guards, reads, changes, call }: OpRequest): boolean {
  return guards.length === 0 && reads.length === 0 && call === undefined && changes[0]?.kind === 'remove';
}

/** It may not be there, or only in part, and yet be with others: they are told to remove it whatever this copy has. */
async function anew(object: ObjectId, read: () => Promise<Evaluated>): Promise<Evaluated> {
  const found = await read();
  return { ...found, mutations: [{ kind: 'remove', object }, ...found.mutations] };
}

type Guarded =
  { readonly kind: 'done'; readonly value: Evaluated } | { readonly kind: 'failed'; readonly error: CairnError };

/** The fence: an unexpected exception is this request's `INTERNAL`, and nothing else's. */
async function guarded(run: () => Promise<Evaluated>): Promise<Guarded> {
  try {
    return { kind: 'done', value: await run() };
  } catch (thrown) {
    const error = isCairnError(thrown) ? thrown : toCairnError(thrown);
    return { kind: 'failed', error };
  }
}

function told({ answer, payload }: Outcome, buffers: ReadBuffers | undefined): OutgoingReply<OpReply> {
  if (answer.kind === 'error') throw answer.error;
  return { header: answer.reply, payload, released: buffers && (() => buffers.release()) };
}

function checkSession({ session, request }: OpRequest): void {
  const isRequest = Number.isSafeInteger(request) && request >= 0;
  if (isRequest && (request === 0 || session.byteLength === sessionIdBytes)) return;
  throw new CairnError(
    'INVALID_ARGUMENT',
    `a session has ${sessionIdBytes} bytes, and its requests are numbered from 1`,
  );
}
