/**
 * A new term, from collecting heads to serving (PG-PROTOCOL.md section 4, "activate"):
 *
 *     heads of all of acting ──► longest log taken over ──► the others level ──┐
 *                            └─► promises to older primaries waited out ───────┴──► level ──► confirmed ──► serves
 *
 * A member that does not answer is waited for: the monitors remove it, and that is another term. Below `min_size` a level term
 * is not confirmed, but others join in it.
 */
import { printPgId } from '../../../cluster/ids.js';
import { isSameMember } from '../../../cluster/pg/members.js';
import type { Member } from '../../../cluster/pg-record.js';
import { monotonicMs } from '../../../base/instants.js';
import { pgConfirm } from '../../../protocol/commands/pg.js';
import { PromiseWait } from '../lease/promise-wait.js';
import type { LeasePromise, OsdRun } from '../lease/types.js';
import { levelFrom } from '../level.js';
import {
  collectMethod,
  fenceMethod,
  levelMethod,
  memberHeader,
  positionHeader,
  positionOfHeader,
  recordHeader,
  runOfHeader,
  type HeadReply,
} from '../messages.js';
import type { PgCopy } from '../pg-copy.js';
import type { PgLease } from '../lease/pg-lease.js';
import type { Term } from '../term.js';
import { comparePositions, isSamePosition, type LogPosition } from '../types.js';

/** What a member says of itself when a term begins. */
export interface Head {
  readonly run: OsdRun;
  readonly last: LogPosition;
  readonly promises: readonly LeasePromise[];
  /** Of its store. */
  readonly transactionBytesMax: number;
}

export interface ActivationParts {
  readonly term: Term;
  readonly copy: PgCopy;
  readonly lease: PgLease;
  /** What this OSD would answer to its own Collect. */
  readonly ownHead: () => Promise<Head>;
}

/** For the monitors to answer; asked again until the term is over. */
const confirmMs = 5_000;

/** Resolves when the term is level, with the heads that there were; throws its end. */
export async function activate(parts: ActivationParts): Promise<readonly Head[]> {
  const { term, copy } = parts;
  const { host } = term;
  const wait = new PromiseWait(host.self);
  const others = term.record.acting.filter((member) => !isSameMember(member, term.self));
  const collected = await Promise.all([
    parts.ownHead().then((head) => ({ member: term.self, head })),
    ...others.map(async (member) => ({ member, head: await collect(parts, member, wait) })),
  ]);
  term.throwIfOver();
  const own = collected[0];
  wait.onHead(host.runtime.clock.now(), own.head.promises);

  let longest = own;
  for (const one of collected) if (comparePositions(one.head.last, longest.head.last) > 0) longest = one;
  const levelled = levelAll(parts, collected, longest.member, longest.head.last);
  await Promise.all([levelled, untilPromisesAreOver(parts, wait)]);
  term.throwIfOver();
  const { log } = host.runtime;
  log.debug({ pg: printPgId(term.pg), term: term.number, seq: copy.last.seq }, 'a PG is level');
  return collected.map(({ head }) => head);
}

async function collect({ term, copy, lease }: ActivationParts, member: Member, wait: PromiseWait): Promise<Head> {
  const record = recordHeader(term.record, copy.pgNum);
  const { header } = await term.callUntilAnswered(member, collectMethod, { record });
  const head = headOf(member, header);
  wait.onHead(term.host.runtime.clock.now(), head.promises);
  wait.onFenced(head.run);
  lease.seen(head.run);
  return head;
}

function headOf({ osd, store }: Member, { last, boot, promises, transactionBytesMax }: HeadReply): Head {
  return {
    transactionBytesMax,
    run: { osd, store, boot },
    last: positionOfHeader(last),
    promises: promises.map(([holder, holderStore, holderBoot, leftMs]) => ({
      holder: runOfHeader([holder, holderStore, holderBoot]),
      leftMs,
    })),
  };
}

/** Everybody has the longest log, durably, when it resolves. */
async function levelAll(
  { term, copy }: ActivationParts,
  heads: readonly { readonly member: Member; readonly head: Head }[],
  longest: Member,
  last: LogPosition,
): Promise<void> {
  if (!isSamePosition(copy.last, last)) {
    await term.untilDone('level', () => levelFrom(term, copy, longest));
  }
  const behind = heads.filter(({ member, head }) => {
    return !isSameMember(member, term.self) && comparePositions(head.last, last) < 0;
  });
  const request = { source: memberHeader(term.self), last: positionHeader(last) };
  await Promise.all(behind.map(({ member }) => term.callUntilAnswered(member, levelMethod, request)));
}

/** Holders that are still there are asked to enter this term: their answer ends the wait at once. */
async function untilPromisesAreOver(parts: ActivationParts, wait: PromiseWait): Promise<void> {
  const { term } = parts;
  const { clock } = term.host.runtime;
  const asked = new Set<number>();
  for (;;) {
    for (const osd of term.host.map().osds.values()) {
      if (osd.uuid !== undefined) wait.onRegistered({ osd: osd.id, store: osd.store, boot: osd.boot });
    }
    const left = wait.untilOver(clock.now());
    if (left <= 0) return;
    for (const holder of wait.holders(clock.now())) {
      if (asked.has(holder.store)) continue;
      asked.add(holder.store);
      fence(parts, holder).then(
        () => wait.onFenced(holder),
        // It is dead, or cut off: its time ends.
        () => asked.delete(holder.store),
      );
    }
    await term.sleep(Math.min(left, pollMs));
  }
}

/** A map or an answer may end the wait before its time. */
const pollMs = 10;

async function fence({ term, copy }: ActivationParts, holder: OsdRun): Promise<void> {
  const record = recordHeader(term.record, copy.pgNum);
  const { header } = await term.call(holder, fenceMethod, { record });
  const run = runOfHeader(header.run);
  if (run.store !== holder.store || run.boot < holder.boot) throw new Error('another run of the OSD answered');
}

/** Of a level term with `min_size` members. Resolves when it is confirmed; throws its end. */
export async function confirm(term: Term): Promise<void> {
  const { host, pg } = term;
  await term.untilDone('confirm', async () => {
    if (term.isConfirmed) return;
    const deadline = monotonicMs(host.runtime.clock.now() + confirmMs);
    const args = { pg, term: term.number, from: term.self };
    const { record } = await host.monitors.change(pgConfirm, args, { deadline, signal: term.signal });
    host.learn(pg, record);
    term.throwIfOver();
  });
}
