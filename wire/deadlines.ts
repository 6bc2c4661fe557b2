/**
 * The deadlines of everything that waits on one connection, behind a single timer. Deadlines are rounded up to slots of
 * `granularityMs`; a slot is a linked list, so adding and removing cost a few pointers, where a timer each would cost
 * as much as the rest of a call.
 *
 *     slot 17 ─ a ⇄ b        slot 18 ─ c        slot 250 ─ d      timer: start of slot 17
 */
import type { MonotonicMs } from '../base/instants.js';
import type { Clock, Timer } from '../runtime/clock.js';

export interface Expirable {
  /** The deadline has passed; the entry is already removed. */
  expire(): void;
}

export interface DeadlineEntry {
  slot: number;
  owner: Expirable | undefined;
  previous: DeadlineEntry | undefined;
  next: DeadlineEntry | undefined;
}

export const granularityMs = 4;

export class Deadlines {
  readonly #clock: Clock;
  readonly #slots = new Map<number, DeadlineEntry>();
  #timer: Timer | undefined;
  #timerSlot = Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `owner.expire()` at `deadline` or up to a slot and a turn later. Never from inside this call. */
  add(deadline: MonotonicMs, owner: Expirable): DeadlineEntry {
    const slot = Math.ceil(deadline / granularityMs);
    const head = this.#slots.get(slot);
    const entry: DeadlineEntry = { slot, owner, previous: undefined, next: head };
    if (head !== undefined) head.previous = entry;
    this.#slots.set(slot, entry);
    if (slot < this.#timerSlot) this.#arm(slot);
    return entry;
  }

  /** Idempotent. */
  remove(entry: DeadlineEntry): void {
    if (entry.owner === undefined) return;
    entry.owner = undefined;
    if (entry.next !== undefined) entry.next.previous = entry.previous;
    if (entry.previous !== undefined) entry.previous.next = entry.next;
    else if (entry.next !== undefined) this.#slots.set(entry.slot, entry.next);
    else this.#slots.delete(entry.slot);
  }

  /** Forgets all; nothing expires any more. */
  close(): void {
    this.#slots.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerSlot = -Infinity;
  }

  #arm(slot: number): void {
    this.#timer?.cancel();
    this.#timerSlot = slot;
    const delayMs = Math.min(Math.max(0, Math.ceil(slot * granularityMs - this.#clock.now())), 2 ** 31 - 1);
    this.#timer = this.#clock.after(delayMs, () => this.#fire());
  }

  #fire(): void {
    this.#timer = undefined;
    this.#timerSlot = Infinity;
    const due = Math.floor(this.#clock.now() / granularityMs);
    const slots = [...this.#slots.keys()].filter((slot) => slot <= due).sort((a, b) => a - b);
    for (const slot of slots) this.#expireSlot(slot);
    let earliest = Infinity;
    for (const slot of this.#slots.keys()) earliest = Math.min(earliest, slot);
    if (earliest < this.#timerSlot) this.#arm(earliest);
  }

  /** In the order added: the list's head is its youngest. */
  #expireSlot(slot: number): void {
    const entries: DeadlineEntry[] = [];
    for (let entry = this.#slots.get(slot); entry !== undefined; entry = entry.next) entries.push(entry);
    for (const entry of entries.reverse()) {
      const { owner } = entry;
      this.remove(entry);
      owner?.expire();
    }
  }
}
