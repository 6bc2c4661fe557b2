/**
 * What the clients saw, checked against the one log as it comes about.
 *
 * Why this proves linearizability. All members apply one sequence of entries (checked here: the first to apply an index
 * decides what it is, all others have to agree). Give each acknowledged command the place of its index, and each read the
 * place right behind the last entry that its member had applied. In the order of these places every operation sees exactly
 * what a single register machine would have shown it (checked: a read's value is the one after that entry). What is left is
 * real time: an operation that ended before another began has to have the smaller place. So each operation notes, when it
 * begins, the highest place of any that has ended (the *floor*), and has to end above it: a command strictly, since
 * two commands never share a place; a read may share one. Every pair of operations that did not overlap is covered.
 */
import assert from 'node:assert/strict';
import { utf8Bytes, utf8Text } from '../../../base/bytes.js';
import type { LogEntry } from '../../../monitor/raft/types.js';

export type Command =
  | { readonly kind: 'append'; readonly id: string; readonly key: string }
  /** Takes effect only where the register was last changed by `expected`. */
  | { readonly kind: 'compare-and-set'; readonly id: string; readonly key: string; readonly expected: string };

export function encodeCommand(command: Command): Uint8Array {
  const expected = command.kind === 'append' ? '' : ` ${command.expected}`;
  return utf8Bytes(`${command.kind} ${command.id} ${command.key}${expected}`);
}

export function decodeCommand(data: Uint8Array): Command {
  const [kind, id = '', key = '', expected = ''] = utf8Text(data).split(' ');
  if (kind === 'append') return { kind, id, key };
  assert.equal(kind, 'compare-and-set');
  return { kind: 'compare-and-set', id, key, expected };
}

/** The register's value is the list of the commands that changed it. */
export function valueAfter(value: readonly string[], command: Command): readonly string[] {
  if (command.kind === 'append') return [...value.slice(-3), command.id];
  return value.at(-1) === command.expected ? [command.id] : value;
}

/** The first index that a command can have: founders begin with a snapshot at 1. */
const firstIndex = 2;

export class History {
  readonly #log: (LogEntry | undefined)[] = [];
  readonly #indexOf = new Map<string, number>();
  /** Per register: each value, and the index from which it holds. */
  readonly #values = new Map<string, { readonly from: number; readonly value: readonly string[] }[]>();
  readonly #acknowledged = new Map<string, number>();
  readonly #refused: string[] = [];
  #floor = 0;
  #reads = 0;

  get last(): number {
    return this.#log.length + firstIndex - 1;
  }

  get floor(): number {
    return this.#floor;
  }

  get counts(): { readonly acknowledged: number; readonly refused: number; readonly reads: number } {
    return { acknowledged: this.#acknowledged.size, refused: this.#refused.length, reads: this.#reads };
  }

  /** A member applies the entry: a command or a membership. */
  applied(entry: LogEntry): void {
    const known = this.#log[entry.index - firstIndex];
    if (known !== undefined) {
      assert.equal(known.term, entry.term, `two entries were applied at ${entry.index}`);
      return;
    }
    this.#log[entry.index - firstIndex] = entry;
    if (entry.kind !== 'command') return;
    const command = decodeCommand(entry.data);
    const before = this.#indexOf.get(command.id);
    assert.equal(before, undefined, `command ${command.id} is at ${before} and again at ${entry.index}`);
    this.#indexOf.set(command.id, entry.index);
    const values = this.#values.get(command.key) ?? [];
    assert.ok((values.at(-1)?.from ?? 0) < entry.index, `entry ${entry.index} is applied late for the first time`);
    values.push({ from: entry.index, value: valueAfter(values.at(-1)?.value ?? [], command) });
    this.#values.set(command.key, values);
  }

  /** A member whose state had `before` last applies `index` now: nothing lies between. */
  follows(before: number, index: number): void {
    const between = this.#log.slice(Math.max(before + 1 - firstIndex, 0), index - firstIndex).find(Boolean);
    assert.equal(
      between,
      undefined,
      `entry ${between?.index} is missing from a state that goes from ${before} to ${index}`,
    );
  }

  /** A member's registers, saved or restored, are what the entries up to `applied` make of them. */
  state(applied: number, registers: ReadonlyMap<string, readonly string[]>): void {
    for (const [key, values] of this.#values) {
      const expected = values.findLast(({ from }) => from <= applied)?.value;
      assert.deepEqual(registers.get(key), expected, `register ${key} in a state of entry ${applied}`);
    }
    for (const key of registers.keys()) assert.ok(this.#values.has(key), `register ${key} was never written`);
  }

  acknowledged(command: Command, index: number, floor: number): void {
    assert.equal(this.#indexOf.get(command.id), index, `command ${command.id} is acknowledged, and not at ${index}`);
    assert.ok(index > floor, `command ${command.id} got ${index}, and began after ${floor} had ended`);
    this.#acknowledged.set(command.id, index);
    this.#floor = Math.max(this.#floor, index);
  }

  /** It was said that the command takes no effect. */
  refused(command: Command): void {
    this.#refused.push(command.id);
  }

  /** `applied`: the last entry that the member had applied when it read. */
  read(key: string, seen: { readonly value: readonly string[]; readonly applied: number }, floor: number): void {
    assert.ok(seen.applied >= floor, `a read of ${key} saw ${seen.applied}, and began after ${floor} had ended`);
    const expected = this.#values.get(key)?.findLast(({ from }) => from <= seen.applied)?.value ?? [];
    assert.deepEqual(seen.value, expected, `a read of ${key} after entry ${seen.applied}`);
    this.#reads += 1;
    this.#floor = Math.max(this.#floor, seen.applied);
  }

  /** At the end, when nothing is under way any more. */
  check(): void {
    for (const id of this.#refused) assert.equal(this.#indexOf.get(id), undefined, `${id} was refused, and applied`);
    for (const [id, index] of this.#acknowledged) assert.equal(this.#indexOf.get(id), index, `${id} was lost`);
  }
}
