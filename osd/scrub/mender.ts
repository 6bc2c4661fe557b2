/**
 * Heals copies of objects from good ones, at every member of a PG, its primary included.
 *
 *     parts of a good copy ──► installed in place of the bad one, at that place of the stream of appends ──► whole again
 *
 * The object's turn is held all the while, so no entry about it is on its way, and the parts are right wherever the log has come as
 * far. What fits one transaction is replaced in one. Larger ones come in several: until the last, the copy notes the object as
 * missing, durably, so whoever leads next mends it before it is served.
 */
import { CairnError, isCairnError } from '../../base/errors.js';
import type { MonotonicMs } from '../../base/instants.js';
import { printPgId } from '../../cluster/ids.js';
import { isSameMember } from '../../cluster/pg/members.js';
import type { Member } from '../../cluster/pg-record.js';
import { packParts, unpackParts } from '../pg/copy/parts-message.js';
import { readParts, unfinishedVersion } from '../pg/copy/read-parts.js';
import { encodeTouched } from '../pg/copy/touched-list.js';
import type { ScrubFinding } from '../../protocol/pg-scrub.js';
import { partsMethod } from '../pg/messages.js';
import { notServing } from '../pg/refusals.js';
import { parseObjectKey, showObject, type ObjectId } from '../store/object-id.js';
import type { Touched } from '../store/pg/log-entry.js';
import type { DamagedPart } from '../store/read/object-reader.js';
import type { Mutation } from '../store/transaction.js';
import { areSame, isSameVersion, type SettledCopy } from './copy-state.js';
import type { Copies } from './copies.js';
import { judge, type Right, type Verdict } from './judge.js';
import type { LedPg } from './led-pg.js';
import { transactionOf } from './member.js';
import { installMethod } from './messages.js';
import { expectedByLog } from './newest-entry.js';

export interface Settled {
  readonly right: Right;
  readonly findings: readonly ScrubFinding[];
}

export interface SettleOptions {
  readonly isDeep: boolean;
  /** What checksums alone do not decide is mended as well. */
  readonly mayRepair: boolean;
}

const mendAgainMs = 10_000;
const mendedMax = 1_024;
/** Of an object in one transaction and one message. A transaction takes 16 MiB, and one omap value may come on top. */
const installBytesMax = 6 * 1024 * 1024;

export class Mender {
  readonly #pg: LedPg;
  readonly #copies: Copies;
  /** By `ObjectId.key`: what this copy notes as missing. */
  readonly #damaged = new Set<string>();
  /** When a read last had it mended; the oldest first. */
  readonly #mended = new Map<string, MonotonicMs>();
  #heals = 0;
  #readHeals = 0;
  /** One after the other: what comes late of an earlier one is known by its number. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(pg: LedPg, copies: Copies) {
    this.#pg = pg;
    this.#copies = copies;
  }

  /** Its copy here is known not to be as the log says: it must not be read before it was mended. */
  isDamaged(object: ObjectId): boolean {
    return this.#damaged.has(object.key);
  }

  /** By `ObjectId.key`: all such. They are objects of the PG, whatever of them is in the index here. */
  damagedKeys(): readonly string[] {
    return [...this.#damaged];
  }

  /**
   * False: it was mended a moment ago. What cannot be read then is not wrong by its bytes, and another copy of it would not
   * help: each request would fetch the object in vain.
   */
  mayMend(object: ObjectId, part: DamagedPart | undefined): boolean {
    const mendedAt = this.#mended.get(nameOf(object, part));
    return mendedAt === undefined || this.#pg.term.host.runtime.clock.now() - mendedAt >= mendAgainMs;
  }

  /** Before the term serves: what an earlier heal, of whatever term, left undone here. */
  async load(): Promise<void> {
    const { copy } = this.#pg;
    const partials = await copy.partials();
    if (partials.size > 0) {
      // Somebody accepted to go on with a copy that was still joining: what it has in part is no object of the PG.
      const keys = [...partials.keys()];
      const parts = keys.map((key) => ({ kind: 'whole', object: parseObjectKey(key) }) as const);
      const dropped = keys.map((key) => copy.notePartial(key, undefined));
      await copy.takeOver({ mutations: [...copy.noteMissing(parts), ...dropped] });
    }
    for (const one of await copy.missing()) if ('object' in one) this.#damaged.add(one.object.key);
  }

  /** Looks at all copies, judges, heals what it may. The object's turn is the caller's. `undefined`: nothing is wrong. */
  async settle(object: ObjectId, { isDeep, mayRepair }: SettleOptions): Promise<Settled | undefined> {
    const copies = await this.#copies.examine(object, isDeep);
    if (areSame(copies)) return undefined;
    const verdict = judge(copies, await expectedByLog(this.#pg.copy, object));
    const refusal = refusalOf(verdict, mayRepair);
    const findings: ScrubFinding[] = [];
    for (const { copy, kind } of verdict.findings) {
      const failure = refusal ?? (await this.#healInOrder(object, verdict, copy));
      const state = copies[copy];
      const problem = failure ?? (state?.kind === 'rotten' ? state.problem : undefined);
      const osd = this.#copies.members[copy]?.osd ?? 0;
      findings.push({ object: showObject(object), osd, kind, isHealed: failure === undefined, problem });
    }
    if (verdict.right.kind === 'lost') await this.#lose(object);
    return { right: verdict.right, findings };
  }

  /**
   * This OSD's copy cannot be read, or is noted as missing: it, or just the part that is bad, is made anew from a copy that can be
   * read, whatever is wrong with others. The object's turn is the caller's. Throws `CORRUPT` when there is none, `OVERLOADED` when a member does not answer.
   */
  async mendOwn(object: ObjectId, problem: string, part?: DamagedPart): Promise<void> {
    const { term, copy } = this.#pg;
    let failure: string | undefined;
    try {
      const [own, ...others] = await this.#copies.versions(object);
      const version = own?.kind === 'whole' ? own.version : null;
      const copies: SettledCopy[] = [{ kind: 'rotten', version, problem }, ...others];
      const verdict = judge(copies, await expectedByLog(copy, object));
      const isGone = verdict.right.kind === 'absent' && others.every(({ kind }) => kind === 'absent');
      const isKnown = verdict.right.kind === 'version' || isGone;
      const { right } = verdict;
      const isCurrent = right.kind === 'version' && version !== null && isSameVersion(version, right.version);
      const parts: readonly Touched[] | undefined = isCurrent && part !== undefined ? [{ ...part, object }] : undefined;
      failure = isKnown ? await this.#healInOrder(object, verdict, 0, parts) : refusalOf(verdict, false);
    } catch (error) {
      term.throwIfOver();
      if (!isCairnError(error) || error.code === 'CORRUPT') throw error;
      term.host.runtime.log.debug({ pg: printPgId(term.pg), err: error }, 'a copy could not be mended now');
      throw notServing(term.pg, 'mends a copy of the object');
    }
    if (failure !== undefined) {
      const message = `${showObject(object)} cannot be read: ${problem}; ${failure}`;
      throw new CairnError('CORRUPT', message, { details: { lost: true } });
    }
    this.#noteMended(nameOf(object, part));
    this.#readHeals += 1;
  }

  /** Copies that were mended since reads met them bad, counted anew. */
  takeReadHeals(): number {
    const count = this.#readHeals;
    this.#readHeals = 0;
    return count;
  }

  #noteMended(name: string): void {
    this.#mended.delete(name);
    this.#mended.set(name, this.#pg.term.host.runtime.clock.now());
    const [oldest] = this.#mended.keys();
    if (this.#mended.size > mendedMax && oldest !== undefined) this.#mended.delete(oldest);
  }

  /** Removed or made anew by a request: what was wrong with it is over. */
  async forget(object: ObjectId): Promise<void> {
    const { copy } = this.#pg;
    await copy.takeOver({ mutations: copy.noteFound([object.key]) });
    this.#damaged.delete(object.key);
  }

  /** Its newest version is on no disk: an older one, or none, must never be shown for it. */
  async #lose(object: ObjectId): Promise<void> {
    const { copy } = this.#pg;
    this.#damaged.add(object.key);
    await copy.takeOver({ mutations: copy.noteMissing([{ kind: 'whole', object }]) });
  }

  async #healInOrder(
    object: ObjectId,
    verdict: Verdict,
    copy: number,
    parts: readonly Touched[] = [{ kind: 'whole', object }],
  ): Promise<string | undefined> {
    return await this.#inOrder(() => this.#healOne(object, verdict, { copy, parts }));
  }

  /** From the first source that can be read. Returns why none can. */
  async #healOne(
    object: ObjectId,
    { right, sources }: Verdict,
    { copy, parts }: { readonly copy: number; readonly parts: readonly Touched[] },
  ): Promise<string | undefined> {
    const { members } = this.#copies;
    const { term } = this.#pg;
    const bad = members[copy];
    let failure = 'no copy is left to heal it from';
    for (const source of sources) {
      const from = members[source];
      if (from === undefined || bad === undefined) continue;
      try {
        await this.#copy(object, right, { from, to: bad, parts });
        const { log } = term.host.runtime;
        log.warn({ pg: printPgId(term.pg), osd: bad.osd, from: from.osd }, 'a bad copy of an object was healed');
        return undefined;
      } catch (error) {
        term.throwIfOver();
        if (!isCairnError(error)) throw error;
        failure = error.message;
      }
    }
    return failure;
  }

  async #copy(
    object: ObjectId,
    right: Right,
    { from, to, parts: all }: { readonly from: Member; readonly to: Member; readonly parts: readonly Touched[] },
  ): Promise<void> {
    this.#heals += 1;
    const heal = this.#heals;
    const after = this.#pg.copy.last.seq;
    let rest = all;
    const isOwn = isSameMember(to, this.#pg.term.self);
    const bytesMax = Math.min(installBytesMax, this.#pg.transactionBytesMax / 2);
    while (rest.length > 0) {
      const mutations: Mutation[] = [];
      for (let bytes = 0; rest.length > 0 && bytes < bytesMax;) {
        const parts = await this.#fetch(from, { after, parts: rest, bytesMax: bytesMax - bytes });
        mutations.push(...parts.mutations);
        ({ rest } = parts);
        bytes += bytesOf(parts.mutations);
      }
      const isLast = rest.length === 0;
      checkVersion(object, right, { mutations, isLast });
      if (isOwn && !isLast) this.#damaged.add(object.key);
      await this.#install(to, object, { after, heal, mutations, isLast });
    }
    if (isOwn) this.#damaged.delete(object.key);
  }

  async #fetch(
    from: Member,
    {
      after,
      parts,
      bytesMax,
    }: { readonly after: number; readonly parts: readonly Touched[]; readonly bytesMax: number },
  ): Promise<{ readonly mutations: readonly Mutation[]; readonly rest: readonly Touched[] }> {
    const { term } = this.#pg;
    const { store } = term.host;
    if (isSameMember(from, term.self)) return await readParts(store.objects, term.pg, parts, bytesMax);
    const wanted = { payload: encodeTouched(parts) };
    const { header, payload } = await term.call(from, partsMethod, { after, bytesMax }, wanted);
    return unpackParts(payload, header);
  }

  async #install(to: Member, object: ObjectId, { after, heal, mutations, isLast }: InstallStep): Promise<void> {
    const { term, copy } = this.#pg;
    if (isSameMember(to, term.self)) {
      term.throwIfOver();
      const { applied, durable } = copy.submit(transactionOf(copy, object, mutations, isLast));
      durable.catch(() => undefined);
      await applied;
      await durable;
      return;
    }
    const { recordBytes, restBytes, payload } = packParts(term.pg, { mutations, rest: [] });
    const header = { after, heal, key: object.key, recordBytes, restBytes, isLast };
    await term.call(to, installMethod, header, { payload });
  }

  async #inOrder<T>(run: () => Promise<T>): Promise<T> {
    const before = this.#last;
    const mine = before.then(run, run);
    this.#last = mine.catch(() => undefined);
    return await mine;
  }
}

interface InstallStep {
  readonly after: number;
  readonly heal: number;
  readonly mutations: readonly Mutation[];
  readonly isLast: boolean;
}

function nameOf({ key }: ObjectId, part: DamagedPart | undefined): string {
  return `${key}${JSON.stringify(part ?? null)}`;
}

/** Why nothing is to be healed by this verdict. */
function refusalOf({ right, isCertain }: Verdict, mayRepair: boolean): string | undefined {
  if (right.kind === 'lost') return 'its newest version is lost: no copy of it can be read';
  if (right.kind === 'undecided') return 'the copies differ, and nothing tells which is right';
  return isCertain || mayRepair ? undefined : 'checksums alone do not tell which copy is right; see `cairn pg repair`';
}

/** What is installed is of the version that was judged right, or nothing. An object gets it with its last part. */
function checkVersion(
  object: ObjectId,
  right: Right,
  { mutations, isLast }: { readonly mutations: readonly Mutation[]; readonly isLast: boolean },
): void {
  const versions = mutations.flatMap((one) => {
    return one.kind === 'set-version' && !isSameVersion(one.version, unfinishedVersion) ? [one.version] : [];
  });
  const isRight =
    right.kind === 'version'
      ? versions.every((version) => isSameVersion(version, right.version)) && (!isLast || versions.length > 0)
      : versions.length === 0;
  if (!isRight) throw new CairnError('CONFLICT', `${showObject(object)} was changed while it was healed`);
}

function bytesOf(mutations: readonly Mutation[]): number {
  let bytes = 0;
  for (const one of mutations) {
    if (one.kind === 'write') bytes += one.data.bytes;
    else if (one.kind === 'omap-set') for (const { body } of one.bodies) bytes += body?.bytes ?? 0;
    bytes += 512;
  }
  return bytes;
}
