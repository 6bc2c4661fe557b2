/** What clients asked and were told, in the order in which it happened: recorded while a world runs, checked afterwards. */
import { invariant } from '../../../base/invariant.js';
import type { CallOutcome, ObjectCall } from './object-call.js';

export interface ObjectOperation {
  readonly id: number;
  readonly client: string;
  readonly object: string;
  readonly call: ObjectCall;
  /** Places in the one order of all beginnings and ends, so that nothing happens at the same time. */
  readonly begin: number;
  /** `undefined`: nobody was told. It takes effect at any time after its beginning, or never. */
  readonly end: number | undefined;
  /** As of `end`. */
  readonly outcome: CallOutcome | undefined;
  /** Virtual ms, for people. */
  readonly beganAt: number;
  readonly endedAt: number | undefined;
}

type Recorded = { -readonly [Name in keyof ObjectOperation]: ObjectOperation[Name] };

/** What an operation is called until it ends. */
export type OperationId = number & { readonly brand: 'operation' };

export class History {
  readonly #now: () => number;
  readonly #operations: (Recorded | undefined)[] = [];
  readonly #withdrawn: { readonly operation: ObjectOperation; readonly why: string }[] = [];
  #places = 0;

  /** @param now virtual ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  begin(client: string, object: string, call: ObjectCall): OperationId {
    const id = this.#operations.length;
    const open = { end: undefined, outcome: undefined, endedAt: undefined };
    this.#operations.push({ id, client, object, call, begin: this.#places++, beganAt: this.#now(), ...open });
    return id as OperationId;
  }

  end(id: OperationId, outcome: CallOutcome): void {
    const operation = this.#operations[id];
    invariant(operation?.end === undefined && operation !== undefined, 'an operation ends once', { id });
    operation.end = this.#places++;
    operation.endedAt = this.#now();
    operation.outcome = outcome;
  }

  /** It failed, and was promised to have no effect: whatever shows one was never written. */
  withdraw(id: OperationId, why: string): void {
    const operation = this.#operations[id];
    invariant(operation?.end === undefined && operation !== undefined, 'who ended took effect', { id });
    this.#withdrawn.push({ operation: { ...operation, endedAt: this.#now() }, why });
    this.#operations[id] = undefined;
  }

  /** For the report of a violation: perhaps one of them had an effect after all. */
  get withdrawn(): readonly { readonly operation: ObjectOperation; readonly why: string }[] {
    return this.#withdrawn;
  }

  get operations(): readonly ObjectOperation[] {
    return this.#operations.filter((operation) => operation !== undefined);
  }

  /** Objects are independent: each is checked by itself. */
  byObject(): Map<string, ObjectOperation[]> {
    const objects = new Map<string, ObjectOperation[]>();
    for (const operation of this.operations) {
      const known = objects.get(operation.object);
      if (known === undefined) objects.set(operation.object, [operation]);
      else known.push(operation);
    }
    return objects;
  }
}
