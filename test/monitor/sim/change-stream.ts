/**
 * Clients that change one setting after the other, and the proof from the audit trail afterwards: whatever was acknowledged
 * is there once, in the order of the acknowledgements, and what surely failed is not.
 */
import assert from 'node:assert/strict';
import { isCairnError } from '../../../base/errors.js';
import type { AuditRecord } from '../../../protocol/cluster-log.js';
import { configSet } from '../../../protocol/commands/config.js';
import type { World } from '../../../runtime/sim/world.js';
import type { Client } from './monitor-cluster.js';

const option = 'osd_heartbeat_grace';
/** Milliseconds; above the least that the option may have. */
const valueFirst = 1_000;

interface Attempt {
  readonly section: string;
  readonly value: string;
  readonly begunAt: number;
  /** World time of the answer. */
  readonly endedAt: number;
  readonly outcome: 'acknowledged' | 'no' | 'maybe';
}

export interface StreamOptions {
  /** Of each change. */
  readonly deadlineMs: number;
  /** At most, before the next change. */
  readonly pauseMs: number;
  readonly isOver: () => boolean;
}

export class ChangeStreams {
  readonly #world: World;
  readonly #attempts: Attempt[] = [];
  #writers = 0;

  constructor(world: World) {
    this.#world = world;
  }

  get acknowledged(): number {
    return this.#attempts.filter(({ outcome }) => outcome === 'acknowledged').length;
  }

  /** When changes were acknowledged, in world time. */
  get acknowledgedAt(): readonly number[] {
    return this.#attempts.filter(({ outcome }) => outcome === 'acknowledged').map(({ endedAt }) => endedAt);
  }

  get failed(): number {
    return this.#attempts.length - this.acknowledged;
  }

  /** One writer with a section of its own; the next change begins when the last one has its answer. */
  async run(client: Client, { deadlineMs, pauseMs, isOver }: StreamOptions): Promise<void> {
    this.#writers += 1;
    const section = `osd.${1_000 + this.#writers}`;
    const random = this.#world.stream(`writer/${section}`);
    for (let number = 0; !isOver(); number++) {
      const value = `${valueFirst + number}ms`;
      const begunAt = this.#world.now;
      const outcome = await client.session
        .change(configSet, { section, option, value }, client.within(deadlineMs))
        .then((): Attempt['outcome'] => 'acknowledged', outcomeOf);
      this.#attempts.push({ section, value, begunAt, endedAt: this.#world.now, outcome });
      await this.#world.sleep(random.between(0, pauseMs));
    }
  }

  /** `audit` is the whole trail; `config` that of the newest map. */
  check(audit: readonly AuditRecord[], config: ReadonlyMap<string, string>): void {
    assert.equal(audit[0]?.number ?? 1, 1, 'the audit trail still has its beginning');
    const numbersOf = this.#numbers(audit);
    const lastOf = new Map<string, { readonly number: number; readonly value: string }>();
    const acknowledged: { readonly attempt: Attempt; readonly number: number }[] = [];
    for (const attempt of this.#attempts) {
      const { section, value, outcome } = attempt;
      const what = `${section}=${value} (${outcome}, ${attempt.begunAt.toFixed(1)} to ${attempt.endedAt.toFixed(1)})`;
      const numbers = numbersOf.get(`${section}=${value}`) ?? [];
      assert.ok(numbers.length <= 1, `${what} took effect as audit records ${numbers.join()}`);
      const [number] = numbers;
      if (outcome === 'acknowledged') assert.ok(number !== undefined, `${what} is lost`);
      if (outcome === 'no') assert.ok(number === undefined, `${what} took effect, in audit record ${number}`);
      if (number === undefined) continue;
      const before = lastOf.get(section);
      if (outcome === 'acknowledged') {
        acknowledged.push({ attempt, number });
        assert.ok(number > (before?.number ?? 0), `${what} stands before ${before?.value}`);
      }
      // One whose fate was open may come after its successor.
      if (number > (before?.number ?? 0)) lastOf.set(section, { number, value });
    }
    for (const [section, { value }] of lastOf) assert.equal(config.get(`${section}/${option}`), value, section);
    checkRealTime(acknowledged);
  }

  #numbers(audit: readonly AuditRecord[]): ReadonlyMap<string, readonly number[]> {
    const found = new Map<string, number[]>();
    for (const { command, args, number, outcome } of audit) {
      if (command !== 'config.set' || outcome.kind !== 'done') continue;
      const { section, value } = JSON.parse(args) as { section: string; value: string };
      const key = `${section}=${value}`;
      found.set(key, [...(found.get(key) ?? []), number]);
    }
    return found;
  }
}

/** What was acknowledged before another change was asked for stands before it. */
function checkRealTime(changes: readonly { readonly attempt: Attempt; readonly number: number }[]): void {
  const byEnd = changes.toSorted((a, b) => a.attempt.endedAt - b.attempt.endedAt);
  const byBegin = changes.toSorted((a, b) => a.attempt.begunAt - b.attempt.begunAt);
  let ended = 0;
  let newest = 0;
  for (const { attempt, number } of byBegin) {
    for (let next = byEnd[ended]; next !== undefined && next.attempt.endedAt < attempt.begunAt; next = byEnd[ended]) {
      newest = Math.max(newest, next.number);
      ended += 1;
    }
    assert.ok(
      number > newest,
      `${attempt.section}=${attempt.value} has number ${number}, after ${newest} was answered`,
    );
  }
}

function outcomeOf(error: unknown): Attempt['outcome'] {
  if (!isCairnError(error)) throw error;
  assert.ok(expectedCodes.has(error.code), `a change failed with ${error.code}: ${error.message}`);
  return error.applied === 'no' ? 'no' : 'maybe';
}

/** What a client may be told in bad times. */
const expectedCodes = new Set(['DEADLINE_EXCEEDED', 'CONNECTION_LOST', 'CLOSED', 'CANCELLED']);
