/** Random operations on the table and on a naive one, which has lists and looks through all of them. */
import assert from 'node:assert/strict';
import { latin1Text } from '../../../../base/bytes.js';
import { monotonicMs, type MonotonicMs } from '../../../../base/instants.js';
import { answersPerSessionMax, sessionIdleMs, SessionTable } from '../../../../osd/pg/sessions/session-table.js';
import { encodeStoredAnswer, storedAnswerKey } from '../../../../osd/pg/sessions/stored-answer.js';
import { Prng } from '../../../../runtime/sim/prng.js';
import { forEachSeed } from '../../../sim/seeds.js';

interface NaiveAnswer {
  readonly session: number;
  readonly request: number;
  readonly seq: number;
  readonly reply: number;
  isStored: boolean;
}

class Naive {
  answers: NaiveAnswer[] = [];
  /** Values of the PG, by key. */
  readonly values = new Map<string, { readonly session: number; readonly request: number }>();
  readonly floors = new Map<number, number>();
  readonly usedAt = new Map<number, number>();

  look(session: number, request: number, floor: number, now: number): string {
    const isKnown = this.usedAt.has(session);
    if (!isKnown && request < floor) return 'over';
    this.usedAt.set(session, now);
    this.floors.set(session, Math.max(floor, this.floors.get(session) ?? 0));
    const least = this.floors.get(session) ?? 0;
    this.answers = this.answers.filter((one) => one.session !== session || one.request >= least);
    if (request < least) return 'over';
    const own = this.answers.filter((one) => one.session === session);
    const answer = own.find((one) => one.request === request);
    if (answer !== undefined) return `known ${answer.seq} ${answer.reply}`;
    return own.length >= answersPerSessionMax ? 'full' : 'new';
  }

  put(answer: NaiveAnswer, now: number): void {
    this.usedAt.set(answer.session, now);
    if (answer.request < (this.floors.get(answer.session) ?? 0)) return;
    this.answers = this.answers.filter((one) => one.session !== answer.session || one.request !== answer.request);
    this.answers.push(answer);
  }

  idle(now: number, commit: number): void {
    for (const [session, usedAt] of this.usedAt) {
      const own = this.answers.filter((one) => one.session === session);
      if (now - usedAt < sessionIdleMs || own.some(({ seq }) => seq > commit)) continue;
      this.answers = this.answers.filter((one) => one.session !== session);
      this.usedAt.delete(session);
      this.floors.delete(session);
    }
  }

  mustKeep(trimTo: number, now: number): NaiveAnswer[] {
    return this.answers
      .filter(({ isStored, seq, session }) => {
        return !isStored && seq <= trimTo && now - (this.usedAt.get(session) ?? 0) < sessionIdleMs;
      })
      .sort((a, b) => a.seq - b.seq);
  }

  obsolete(): string[] {
    const needed = new Set(this.answers.map(({ session, request }) => keyOf(session, request)));
    return [...this.values.keys()].filter((key) => !needed.has(key)).sort();
  }
}

function id(session: number): Uint8Array {
  return new Uint8Array(16).fill(session);
}

function keyOf(session: number, request: number): string {
  return storedAnswerKey(latin1Text(id(session)), request);
}

function bytesOf(reply: number): Uint8Array {
  return new Uint8Array([reply & 0xff, reply >>> 8]);
}

class Pair {
  readonly random: Prng;
  readonly naive = new Naive();
  table = new SessionTable();
  now: MonotonicMs = monotonicMs(0);
  seq = 0;
  commit = 0;
  trimmedTo = 0;
  next = 1;

  constructor(seed: number) {
    this.random = new Prng(`sessions ${seed}`);
  }

  step(): void {
    const { random } = this;
    this.now = monotonicMs(this.now + random.below(random.below(50) === 0 ? sessionIdleMs : 20_000));
    const what = random.below(20);
    if (what < 12) this.request();
    else if (what < 14) this.commit = this.commit + random.below(this.seq - this.commit + 1);
    else if (what < 16) this.trim();
    else if (what === 16) this.cut();
    else if (what === 17) this.idle();
    else if (what === 18) this.reopen();
    else this.remove();
    assert.equal(this.table.answerCount, this.naive.answers.length);
    assert.equal(this.table.sessionCount, this.naive.usedAt.size);
    assert.deepEqual(this.table.obsolete(1e9).sort(), this.naive.obsolete());
  }

  request(): void {
    const session = 1 + this.random.below(4);
    const request = this.random.below(3) === 0 ? 1 + this.random.below(this.next) : this.next++;
    const floor = Math.max(0, this.next - this.random.below(40));
    const look = this.table.look(id(session), request, floor, this.now);
    const text =
      look.kind === 'known' ? `known ${look.seq} ${(look.reply[0] ?? 0) + 256 * (look.reply[1] ?? 0)}` : look.kind;
    assert.equal(text, this.naive.look(session, request, floor, this.now));
    if (look.kind !== 'new' || this.random.below(5) === 0) return;
    this.seq += 1;
    const reply = this.random.below(65_536);
    this.table.add({ session: id(session), request, seq: this.seq, reply: bytesOf(reply) }, this.now);
    this.naive.put({ session, request, seq: this.seq, reply, isStored: false }, this.now);
  }

  trim(): void {
    const trimTo = this.trimmedTo + this.random.below(this.commit - this.trimmedTo + 1);
    const kept = this.table.mustKeep(trimTo, this.now);
    const expected = this.naive.mustKeep(trimTo, this.now);
    assert.deepEqual(
      kept.map(({ session, request, seq, reply }) => ({ session, request, seq, reply: new Uint8Array(reply) })),
      expected.map(({ session, request, seq, reply }) => ({
        session: latin1Text(id(session)),
        request,
        seq,
        reply: bytesOf(reply),
      })),
    );
    for (const one of kept)
      this.table.onStored(storedAnswerKey(one.session, one.request), encodeStoredAnswer(one), this.now);
    for (const one of expected) {
      this.naive.values.set(keyOf(one.session, one.request), one);
      this.naive.put({ ...one, isStored: true }, this.now);
    }
    this.table.onTrimmed(trimTo);
    this.naive.answers = this.naive.answers.filter(({ isStored, seq }) => isStored || seq > trimTo);
    this.trimmedTo = trimTo;
  }

  cut(): void {
    this.seq = this.commit + this.random.below(this.seq - this.commit + 1);
    this.table.cut(this.seq);
    this.naive.answers = this.naive.answers.filter(({ isStored, seq }) => isStored || seq <= this.seq);
  }

  idle(): void {
    this.table.idle(this.now, this.commit);
    this.naive.idle(this.now, this.commit);
  }

  remove(): void {
    for (const key of this.table.obsolete(2)) {
      this.table.onRemoved(key);
      this.naive.values.delete(key);
    }
  }

  /** A new primary: what was stored, and the log; floors and times are gone, answers that nobody needed come back. */
  reopen(): void {
    this.table = new SessionTable();
    this.naive.floors.clear();
    this.naive.usedAt.clear();
    const answers = this.naive.answers;
    this.naive.answers = [];
    for (const answer of answers.filter(({ isStored }) => isStored)) {
      this.table.onStored(
        keyOf(answer.session, answer.request),
        encodeStoredAnswer({ seq: answer.seq, reply: bytesOf(answer.reply) }),
        this.now,
      );
      this.naive.put(answer, this.now);
    }
    // Values that were obsolete are removed before, as this model has not kept what they said.
    this.naive.values.clear();
    for (const answer of this.naive.answers) this.naive.values.set(keyOf(answer.session, answer.request), answer);
    for (const answer of answers.filter(({ isStored }) => !isStored)) {
      const { session, request, seq, reply } = answer;
      this.table.add({ session: id(session), request, seq, reply: bytesOf(reply) }, this.now);
      this.naive.put(answer, this.now);
    }
  }
}

describe('the sessions of a PG, compared with a naive table', () => {
  it('say the same whatever happens', async () => {
    await forEachSeed({ count: 1_000, boxMs: 1_500 }, async (seed) => {
      const pair = new Pair(seed);
      for (let i = 0; i < 300; i++) pair.step();
      await Promise.resolve();
    });
  }).timeout(0);
});
