/** Histories that are linearizable because they were made in an order, and the same with a lie in them. */
import { latin1Bytes } from '../../../base/bytes.js';
import type { Prng } from '../../../runtime/sim/prng.js';
import type { ObjectOperation } from './history.js';
import type { CallOutcome, ModelChange, ModelRead, ObjectCall } from './object-call.js';
import { absentObject, exists, showVersion, versionNumber, type ObjectState } from './object-state.js';
import { perform, readOf, versionOf } from './perform.js';

export interface RandomHistoryOptions {
  readonly operations: number;
  /** How many are under way at once, about. */
  readonly overlap: number;
  /** Of those that change something: nobody is told, and half of these have no effect. */
  readonly openRate: number;
}

/** Each operation takes effect at a moment between its beginning and its end: the order of these moments explains all. */
export function randomHistory(random: Prng, options: RandomHistoryOptions): ObjectOperation[] {
  let state = absentObject;
  let seq = 0;
  const seen: number[] = [];
  const operations: ObjectOperation[] = [];
  for (let id = 0; id < options.operations; id++) {
    const call = randomCall(random, id, seen);
    const isChange = call.changes.length > 0;
    const isOpen = isChange && random.chance(options.openRate);
    const begin = id - random.float() * options.overlap;
    const end = id + random.float() * options.overlap;
    let outcome: CallOutcome | undefined;
    if (!isOpen || random.chance(0.5)) {
      // Other objects of the PG have numbers, too.
      if (isChange) seq += 1 + random.below(3);
      const performed = perform(state, call, versionNumber({ term: 1, seq }));
      state = performed.state;
      outcome = performed.outcome;
      remember(seen, state);
    }
    const told = isOpen ? { end: undefined, endedAt: undefined, outcome: undefined } : { end, endedAt: end, outcome };
    operations.push({ id, client: `c${id % 7}`, object: 'o', call, begin, beganAt: begin, ...told });
  }
  return operations;
}

/** One outcome is changed to another one that clients might be told. It may still be explicable. */
export function mutated(random: Prng, operations: readonly ObjectOperation[]): ObjectOperation[] {
  const told = operations.filter(({ outcome }) => outcome !== undefined);
  if (told.length === 0) return [...operations];
  const victim = random.pick(told);
  const other = random.pick(told);
  return operations.map((one) => (one === victim ? lie(random, one, other) : one));
}

function lie(random: Prng, one: ObjectOperation, other: ObjectOperation): ObjectOperation {
  const { outcome } = one;
  if (outcome?.kind === 'done' && other.outcome?.kind === 'done') {
    if (one.call.changes.length > 0 && random.chance(0.3)) return { ...one, end: one.begin + (other.end ?? 0) / 1e6 };
    // As of another moment: stale, or from the future.
    if (isDeepSame(one.call.reads, other.call.reads) && random.chance(0.7)) {
      return { ...one, outcome: { ...outcome, results: other.outcome.results, version: other.outcome.version } };
    }
    if (outcome.results.length > 0 && random.chance(0.5)) {
      const results = outcome.results.map((read) => (read.kind === 'read' ? readOf(latin1Bytes('never')) : read));
      return { ...one, outcome: { ...outcome, results } };
    }
    return { ...one, outcome: { ...outcome, version: other.outcome.version } };
  }
  return { ...one, outcome: random.pick([{ kind: 'guard-failed', guard: 0 }, { kind: 'no-object' }]) };
}

function isDeepSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function remember(seen: number[], state: ObjectState): void {
  const version = exists(state) ? versionOf(state) : undefined;
  if (version !== undefined && seen.at(-1) !== version) seen.push(version);
}

function randomCall(random: Prng, id: number, seen: readonly number[]): ObjectCall {
  const call = { guards: [], reads: [], changes: [] };
  const read: ModelRead = { kind: 'read', offset: 0, bytes: 4_096 };
  if (random.chance(0.4)) return { ...call, reads: [random.pick<ModelRead>([read, read, { kind: 'stat' }, listAll])] };
  const changes = [randomChange(random, id)];
  if (random.chance(0.15)) return { ...call, reads: [{ kind: 'stat' }], changes };
  const known = seen.at(-1 - random.below(2));
  if (known === undefined || random.chance(0.7)) return { ...call, changes };
  const [term = 0, seq = 0] = showVersion(known).split('.').map(Number);
  return { ...call, guards: [{ kind: 'version', term, seq }], changes };
}

const listAll: ModelRead = { kind: 'omap-list', from: '', to: undefined, count: 100, isReverse: false };

function randomChange(random: Prng, id: number): ModelChange {
  const data = latin1Bytes(`<${id}>`);
  const key = `k${random.below(3)}`;
  return random.pick<ModelChange>([
    { kind: 'write-full', data },
    { kind: 'write-full', data },
    { kind: 'write', offset: random.below(12), data },
    { kind: 'append', data },
    { kind: 'truncate', size: random.below(8) },
    { kind: 'remove' },
    { kind: 'set-attribute', name: 'a', value: `${id}` },
    { kind: 'omap-set', key, head: `${id}` },
    { kind: 'omap-set', key, head: `${id}` },
    { kind: 'omap-remove', key },
  ]);
}
