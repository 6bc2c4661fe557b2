/** The objects of one pool: each method is one atomic operation, but for `list`. Offsets and sizes are bytes. */
import { CairnError } from '../base/errors.js';
import type { Pool } from '../cluster/pool.js';
import type { ClassCall, Guard, ObjectStat, ReadPart, ReadResult } from '../protocol/osd-methods.js';
import type { WaitOptions } from '../runtime/clock.js';
import type { Payload } from '../wire/method.js';
import { type ObjectRef, type Operation, type Outcome, payloadBytes } from './operation.js';

/** What the methods need of the client that they belong to. */
export interface Operator {
  operate(pool: Pick<Pool, 'id' | 'name'>, ref: ObjectRef, operation: Operation, wait: WaitOptions): Promise<Outcome>;
}

/** Guards are checked in the same operation: `CONFLICT` with `details.guard` when one fails. */
export interface ChangeOptions extends WaitOptions {
  readonly guards?: readonly Guard[];
}

export type Version = NonNullable<Outcome['version']>;

export class PoolClient {
  readonly id: Pool['id'];
  /** When it was looked up: a pool may be renamed. */
  readonly name: string;
  readonly #operator: Operator;

  constructor(operator: Operator, { id, name }: Pick<Pool, 'id' | 'name'>) {
    this.#operator = operator;
    this.id = id;
    this.name = name;
  }

  /** Any guards, reads and changes at once. Errors as `CairnClient.operate`. */
  operate(ref: ObjectRef, operation: Operation, wait: WaitOptions = {}): Promise<Outcome> {
    return this.#operator.operate(this, ref, operation, wait);
  }

  /** `undefined` when it is not there. */
  async stat(ref: ObjectRef, wait: WaitOptions = {}): Promise<ObjectStat | undefined> {
    return (await this.#readOne(ref, { kind: 'stat' }, wait)).result.stat;
  }

  /** Fewer bytes at the object's end; at most `opBytesMax` at once. `NOT_FOUND` when it is not there. */
  async read(ref: ObjectRef, range: ByteRange, wait: WaitOptions = {}): Promise<Uint8Array> {
    const { bytes } = await this.#readOne(ref, { kind: 'read', ...range }, wait);
    return expected(bytes);
  }

  /** Several ranges as they were at one instant. */
  async readMany(ref: ObjectRef, ranges: readonly ByteRange[], wait: WaitOptions = {}): Promise<Uint8Array[]> {
    if (ranges.length === 0) return [];
    const reads = ranges.map((range): ReadPart => ({ kind: 'read', ...range }));
    const { bytes } = await this.operate(ref, { reads }, wait);
    return ranges.map((_range, index) => expected(bytes[index]));
  }

  /** Bytes between the old end and `offset` are zero. The object is made when it is not there. */
  write(ref: ObjectRef, offset: number, payload: Payload, options: ChangeOptions = {}): Promise<Outcome> {
    const changes = [{ kind: 'write', offset, bytes: payloadBytes({ payload }) }] as const;
    return this.#change(ref, { changes, payload }, options);
  }

  /** Replaces all data; attributes and omap stay. */
  writeFull(ref: ObjectRef, payload: Payload, options: ChangeOptions = {}): Promise<Outcome> {
    const changes = [{ kind: 'write-full', bytes: payloadBytes({ payload }) }] as const;
    return this.#change(ref, { changes, payload }, options);
  }

  append(ref: ObjectRef, payload: Payload, options: ChangeOptions = {}): Promise<Outcome> {
    const changes = [{ kind: 'append', bytes: payloadBytes({ payload }) }] as const;
    return this.#change(ref, { changes, payload }, options);
  }

  truncate(ref: ObjectRef, size: number, options: ChangeOptions = {}): Promise<Outcome> {
    return this.#change(ref, { changes: [{ kind: 'truncate', size }] }, options);
  }

  /** The bytes are zero, and stored. */
  zero(ref: ObjectRef, { offset, bytes }: ByteRange, options: ChangeOptions = {}): Promise<Outcome> {
    return this.#change(ref, { changes: [{ kind: 'zero', offset, bytes }] }, options);
  }

  /** The bytes are zero, and take no room. */
  punch(ref: ObjectRef, { offset, bytes }: ByteRange, options: ChangeOptions = {}): Promise<Outcome> {
    return this.#change(ref, { changes: [{ kind: 'punch', offset, bytes }] }, options);
  }

  /** Nothing when it is there; guard with `absent` to be told. */
  create(ref: ObjectRef, options: ChangeOptions = {}): Promise<Outcome> {
    return this.#change(ref, { changes: [{ kind: 'create' }] }, options);
  }

  /** With attributes and omap. Nothing when it is not there; guard with `exists` to be told. */
  remove(ref: ObjectRef, options: ChangeOptions = {}): Promise<Outcome> {
    return this.#change(ref, { changes: [{ kind: 'remove' }] }, options);
  }

  /** Other attributes stay. */
  setAttributes(ref: ObjectRef, entries: Attributes, options: ChangeOptions = {}): Promise<Outcome> {
    const changes = [...entries].map(([name, value]) => ({ kind: 'set-attribute', name, value }) as const);
    return this.#change(ref, { changes }, options);
  }

  removeAttribute(ref: ObjectRef, name: string, options: ChangeOptions = {}): Promise<Outcome> {
    return this.#change(ref, { changes: [{ kind: 'remove-attribute', name }] }, options);
  }

  /** In byte order of the names. */
  async attributes(ref: ObjectRef, wait: WaitOptions = {}): Promise<ReadonlyMap<string, Uint8Array>> {
    return new Map((await this.#readOne(ref, { kind: 'attributes' }, wait)).result.attributes);
  }

  /** Keys are latin1, one character a byte. */
  async omapGet(ref: ObjectRef, key: string, wait: WaitOptions = {}): Promise<OmapValue> {
    const { head, slots } = (await this.#readOne(ref, { kind: 'omap-get', key }, wait)).result;
    return { head, slots };
  }

  /** `undefined` when there is none. */
  async omapBody(ref: ObjectRef, key: string, slot: number, wait: WaitOptions = {}): Promise<Uint8Array | undefined> {
    return (await this.#readOne(ref, { kind: 'omap-body', key, slot }, wait)).bytes;
  }

  /** One page of heads, from `from` to before `to`. */
  async omapList(ref: ObjectRef, range: OmapRange, wait: WaitOptions = {}): Promise<OmapPage> {
    const { from = '', to, count, isReverse = false } = range;
    const { entries, isMore } = (await this.#readOne(ref, { kind: 'omap-list', from, to, count, isReverse }, wait))
      .result;
    return { entries, isMore };
  }

  /** Replaces the head, if one is given, and the bodies named; what is `undefined` there is removed. */
  omapSet(ref: ObjectRef, key: string, value: OmapChange, options: ChangeOptions = {}): Promise<Outcome> {
    const entries = [...(value.bodies ?? [])];
    const bodies = entries.map(([slot, body]) => ({ slot, bytes: body?.byteLength }));
    const payload = entries.flatMap(([, body]) => (body === undefined ? [] : [body]));
    return this.#change(ref, { changes: [{ kind: 'omap-set', key, head: value.head, bodies }], payload }, options);
  }

  omapRemove(ref: ObjectRef, key: string, options: ChangeOptions = {}): Promise<Outcome> {
    return this.#change(ref, { changes: [{ kind: 'omap-remove', key }] }, options);
  }

  /** From `from` to before `to`, or to the end. */
  omapRemoveRange(ref: ObjectRef, from: string, to: string | undefined, options: ChangeOptions = {}): Promise<Outcome> {
    return this.#change(ref, { changes: [{ kind: 'omap-remove-range', from, to }] }, options);
  }

  omapMove(ref: ObjectRef, from: string, to: string, options: ChangeOptions = {}): Promise<Outcome> {
    return this.#change(ref, { changes: [{ kind: 'omap-move', from, to }] }, options);
  }

  /** Runs a class's method at the primary. One that only reads says so, and may then be repeated freely. */
  async call(ref: ObjectRef, call: ClassCall, options: CallClassOptions = {}): Promise<Uint8Array> {
    const { isReadOnly = false, guards = [], ...wait } = options;
    const { output } = await this.operate(ref, { call, isReadOnly, guards }, wait);
    return output ?? new Uint8Array(0);
  }

  #change(ref: ObjectRef, operation: Operation, { guards = [], ...wait }: ChangeOptions): Promise<Outcome> {
    return this.operate(ref, { ...operation, guards }, wait);
  }

  async #readOne<Kind extends ReadPart['kind']>(
    ref: ObjectRef,
    part: Extract<ReadPart, { kind: Kind }>,
    wait: WaitOptions,
  ): Promise<{ readonly result: Extract<ReadResult, { kind: Kind }>; readonly bytes: Uint8Array | undefined }> {
    const { results, bytes } = await this.operate(ref, { reads: [part] }, wait);
    const [result] = results;
    if (result?.kind !== part.kind) throw unexpected(part.kind, result?.kind);
    // The kinds are the same, which the compiler cannot follow through the two unions.
    return { result: result as Extract<ReadResult, { kind: Kind }>, bytes: bytes[0] };
  }
}

export interface ByteRange {
  readonly offset: number;
  readonly bytes: number;
}

export type Attributes = Iterable<readonly [string, Uint8Array]>;

export interface OmapValue {
  /** `undefined` when the key is not there. */
  readonly head: Uint8Array | undefined;
  readonly slots: readonly number[];
}

export interface OmapChange {
  /** `undefined` leaves it. */
  readonly head?: Uint8Array | undefined;
  readonly bodies?: Iterable<readonly [slot: number, body: Uint8Array | undefined]>;
}

export interface OmapRange {
  readonly from?: string;
  readonly to?: string | undefined;
  /** 1 to 1,000. */
  readonly count: number;
  /** From before `to` down. */
  readonly isReverse?: boolean;
}

export interface OmapPage {
  readonly entries: readonly (readonly [string, Uint8Array])[];
  readonly isMore: boolean;
}

export interface CallClassOptions extends ChangeOptions {
  readonly isReadOnly?: boolean;
}

function expected(bytes: Uint8Array | undefined): Uint8Array {
  if (bytes === undefined) throw unexpected('read', undefined);
  return bytes;
}

function unexpected(asked: string, got: string | undefined): CairnError {
  return new CairnError('PROTOCOL_ERROR', `the OSD answered a read of ${asked} with ${got ?? 'nothing'}`);
}
