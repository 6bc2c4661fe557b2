/** Events to come, in the order (time, sequence number): a binary heap that forgets cancelled events lazily. */
import type { Owner } from './owner.js';

export interface SimEvent {
  /** World time in ms, a multiple of 1/1024 (scheduler.ts). */
  time: number;
  sequence: number;
  readonly kind: string;
  readonly owner: Owner;
  /** How long the owner's machine had stood still in all when the time was set (machine-time.ts). */
  stoodStillMs: number;
  /** `undefined` once it ran or was cancelled. */
  run: (() => void) | undefined;
}

export class EventQueue {
  #heap: SimEvent[] = [];
  #cancelled = 0;

  get size(): number {
    return this.#heap.length - this.#cancelled;
  }

  push(event: SimEvent): void {
    this.#heap.push(event);
    this.#up(this.#heap.length - 1);
  }

  cancel(event: SimEvent): void {
    if (event.run === undefined) return;
    event.run = undefined;
    this.#cancelled += 1;
    // Raft sets and cancels a timer for each message: without this the heap would hold mostly corpses.
    if (this.#cancelled > 1_000 && this.#cancelled * 2 > this.#heap.length) this.#compact();
  }

  /** The first event that was not cancelled. */
  peek(): SimEvent | undefined {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (first.run !== undefined) return first;
      this.#removeFirst();
      this.#cancelled -= 1;
    }
    return undefined;
  }

  pop(): SimEvent | undefined {
    const first = this.peek();
    if (first !== undefined) this.#removeFirst();
    return first;
  }

  /** In no particular order. */
  *pending(): Generator<SimEvent> {
    for (const event of this.#heap) if (event.run !== undefined) yield event;
  }

  #compact(): void {
    const alive = this.#heap.filter((event) => event.run !== undefined);
    // A sorted array is a heap.
    alive.sort((a, b) => a.time - b.time || a.sequence - b.sequence);
    this.#heap = alive;
    this.#cancelled = 0;
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#down(0);
  }

  #up(start: number): void {
    const heap = this.#heap;
    const event = heap[start] as SimEvent;
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as SimEvent;
      if (isBefore(above, event)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = event;
  }

  #down(start: number): void {
    const heap = this.#heap;
    const event = heap[start] as SimEvent;
    const count = heap.length;
    let index = start;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= count) break;
      if (child + 1 < count && isBefore(heap[child + 1] as SimEvent, heap[child] as SimEvent)) child += 1;
      const below = heap[child] as SimEvent;
      if (isBefore(event, below)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = event;
  }
}

function isBefore(a: SimEvent, b: SimEvent): boolean {
  return a.time < b.time || (a.time === b.time && a.sequence < b.sequence);
}
