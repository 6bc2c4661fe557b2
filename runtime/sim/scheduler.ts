/**
 * Virtual time: a queue of events, each run at its instant in the order (time, sequence number). What an event's callback
 * sets going in promises is drained by the run loop before the next event (run-loop.ts).
 */
import { invariant } from '../../base/invariant.js';
import { EventQueue, type SimEvent } from './event-queue.js';
import { ceilTick, type MachineTime } from './machine-time.js';
import { Owner } from './owner.js';
import type { Trace } from './trace.js';

export class Scheduler {
  readonly trace: Trace;
  /** For what belongs to no machine: cables, faults, the test itself. */
  readonly world = new Owner('world', undefined);
  readonly #queue = new EventQueue();
  /** Events that came due while their process was stopped, in order. */
  readonly #heldBack = new WeakMap<Owner, SimEvent[]>();
  /** Events that came due while their machine stood still, in order. */
  readonly #parked = new Map<MachineTime, SimEvent[]>();
  #now = 0;
  #sequence = 0;
  #failure: { readonly error: unknown } | undefined;
  #eventCount = 0;
  /** Who runs, for attributing an unhandled rejection. */
  #current: Owner = this.world;
  /** Whether code outside of the simulator ran or a promise settled since the last drain. */
  #needsDrain = false;

  constructor(trace: Trace) {
    this.trace = trace;
  }

  /** World time in ms, a multiple of 1/1024. */
  get now(): number {
    return this.#now;
  }

  get eventCount(): number {
    return this.#eventCount;
  }

  get current(): Owner {
    return this.#current;
  }

  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** The first failure counts; the run loop stops at it. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  /** Whatever calls a user's callback or settles a promise says so, and the run loop drains before the next event. */
  touch(): void {
    this.#needsDrain = true;
  }

  takeNeedsDrain(): boolean {
    const needed = this.#needsDrain;
    this.#needsDrain = false;
    return needed;
  }

  at(time: number, owner: Owner, kind: string, run: () => void): SimEvent {
    invariant(time >= this.#now, 'an event lies in the future', { time, now: this.#now, kind });
    this.#sequence += 1;
    const event = {
      time: ceilTick(time),
      sequence: this.#sequence,
      kind,
      owner,
      stoodStillMs: owner.time?.stoodStillMs ?? 0,
      run,
    };
    this.#queue.push(event);
    return event;
  }

  after(delayMs: number, owner: Owner, kind: string, run: () => void): SimEvent {
    return this.at(this.#now + delayMs, owner, kind, run);
  }

  cancel(event: SimEvent): void {
    this.#queue.cancel(event);
  }

  /** Adds to the trace what is no event of its own: an outcome, a size. */
  note(kind: string, who: string, a = 0, b = 0, text = ''): void {
    this.trace.record(this.#now, kind, who, a, b, text);
  }

  /** When the next event is due. */
  get nextTime(): number | undefined {
    return this.#queue.peek()?.time;
  }

  /** Runs the next event. False when there is none. */
  step(): boolean {
    const event = this.#queue.pop();
    if (event === undefined) return false;
    invariant(event.time >= this.#now, 'time never goes back', { time: event.time, now: this.#now });
    this.#now = event.time;
    if (!event.owner.isAlive || this.#isHeldBack(event) || this.#standsStill(event)) return true;
    this.#eventCount += 1;
    this.trace.record(event.time, event.kind, event.owner.label, 0, 0);
    const run = event.run;
    event.run = undefined;
    this.#current = event.owner;
    try {
      run?.();
    } catch (error) {
      // What it had begun before it threw may have settled promises.
      this.touch();
      event.owner.onException(error);
    }
    return true;
  }

  /** Lets time pass without events. */
  advance(to: number): void {
    invariant((this.nextTime ?? to) >= to, 'no event is skipped');
    this.#now = Math.max(this.#now, ceilTick(to));
  }

  /** Events that came due while their process was stopped happen now, in their order. */
  letGoOn(owner: Owner): void {
    const events = this.#heldBack.get(owner) ?? [];
    this.#heldBack.delete(owner);
    for (const event of events) {
      event.time = this.#now;
      // They were gathered as they came due; all at one instant now, only fresh numbers keep that order.
      this.#sequence += 1;
      event.sequence = this.#sequence;
      this.#queue.push(event);
    }
  }

  /** Events that came due while their machine was suspended happen now that it runs again. */
  unpark(time: MachineTime): void {
    const events = this.#parked.get(time) ?? [];
    this.#parked.delete(time);
    for (const event of events) this.#requeue(event, time.stoodStillMs);
  }

  /** Forgets them: the machine was restarted. */
  dropParked(time: MachineTime): void {
    this.#parked.delete(time);
  }

  #isHeldBack(event: SimEvent): boolean {
    if (!event.owner.isStopped) return false;
    const events = this.#heldBack.get(event.owner);
    if (events === undefined) this.#heldBack.set(event.owner, [event]);
    else events.push(event);
    return true;
  }

  /** Parks the event when its machine is suspended; moves it back by the pauses since it was set. */
  #standsStill(event: SimEvent): boolean {
    const time = event.owner.time;
    if (time === undefined) return false;
    if (time.isSuspended) {
      const events = this.#parked.get(time);
      if (events === undefined) this.#parked.set(time, [event]);
      else events.push(event);
      return true;
    }
    if (event.stoodStillMs === time.stoodStillMs) return false;
    this.#requeue(event, time.stoodStillMs);
    return true;
  }

  /** Keeps the sequence number: what was due first stays first. */
  #requeue(event: SimEvent, stoodStillMs: number): void {
    event.time = Math.max(this.#now, ceilTick(event.time + stoodStillMs - event.stoodStillMs));
    event.stoodStillMs = stoodStillMs;
    this.#queue.push(event);
  }
}
