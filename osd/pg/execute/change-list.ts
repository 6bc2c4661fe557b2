/**
 * What a request changes, as mutations that mean the same whatever a copy looks like: an append becomes a write at an offset,
 * and what changes nothing is left out.
 */
import { copyBytes } from '../../../base/bytes.js';
import { CairnError } from '../../../base/errors.js';
import { invariant, unreachable } from '../../../base/invariant.js';
import type { ChangePart, OpRequest } from '../../../protocol/osd-methods.js';
import type { ClassChange } from '../../classes/object-class.js';
import type { BodySlot } from '../../store/format/omap-value.js';
import { objectBytesMax } from '../../../protocol/object-limits.js';
import { attributeBytesMax, bodiesMax, bodyBytesMax, omapHeadBytesMax } from '../../store/limits.js';
import { showObject, type ObjectId } from '../../store/object-id.js';
import { payloadOf, type BodyChange, type Mutation, type Payload } from '../../store/transaction.js';
import type { Evaluated } from './evaluated.js';
import type { ObjectView } from './object-view.js';

/** What an entry costs another copy beside its payload: the key, the head of the object. */
const mutationCostBytes = 512;
/** Of a value with all its bodies, at most. */
const valueCostBytesMax = bodiesMax * bodyBytesMax + omapHeadBytesMax;

/** Whoever does only these need not look at the object: it is there afterwards. */
const blindKinds: ReadonlySet<ChangePart['kind']> = new Set(['write', 'write-full', 'truncate', 'zero', 'omap-set']);

type CommonChange = Exclude<
  ChangePart | ClassChange,
  { readonly kind: 'write' | 'write-full' | 'append' | 'omap-set' | 'zero' | 'punch' | 'set-mark' | 'remove-mark' }
>;

/** The object as the changes so far leave it. */
interface Shape {
  exists: boolean;
  size: number;
}

export class ChangeList {
  readonly #object: ObjectId;
  readonly #view: ObjectView;
  readonly #mutations: Mutation[] = [];
  #costBytes = 0;
  /** `undefined`: nothing depends on it, as every change makes the object if it is not there. */
  #shape: Shape | undefined;
  #attributes: Map<string, Uint8Array> | undefined;
  /** Keys that values are moved from, as they are before the request; another copy has to fetch what is moved. */
  readonly #movedFrom: string[] = [];
  readonly #setKeys = new Set<string>();

  private constructor(object: ObjectId, view: ObjectView) {
    this.#object = object;
    this.#view = view;
  }

  /** Looks at the object first where what comes depends on it: most writes do not. */
  static async begin(view: ObjectView, request: Pick<OpRequest, 'changes' | 'call'>): Promise<ChangeList> {
    const list = new ChangeList(view.object, view);
    if (request.call !== undefined || request.changes.some(({ kind }) => !blindKinds.has(kind))) {
      const info = await view.info();
      list.#shape = { exists: info !== undefined, size: info?.size ?? 0 };
      list.#attributes = new Map(info?.attributes);
    }
    return list;
  }

  /** Returns what is left of the payload behind the bytes of this change. */
  add(change: ChangePart, payload: Uint8Array): Uint8Array {
    const take = (bytes: number): readonly [Payload, Uint8Array] => {
      if (bytes > payload.byteLength) throw short(this.#object);
      return [payloadOf(payload.subarray(0, bytes)), payload.subarray(bytes)];
    };
    switch (change.kind) {
      case 'write': {
        const [data, rest] = take(change.bytes);
        this.#write(change.offset, data);
        return rest;
      }
      case 'write-full': {
        const [data, rest] = take(change.bytes);
        this.#truncate(0);
        this.#write(0, data);
        return rest;
      }
      case 'append': {
        const [data, rest] = take(change.bytes);
        this.#write(this.#known.size, data);
        return rest;
      }
      case 'omap-set': {
        let rest = payload;
        const bodies: BodyChange<Payload>[] = [];
        for (const { slot, bytes } of change.bodies) {
          if (bytes !== undefined && bytes > rest.byteLength) throw short(this.#object);
          const body = bytes === undefined ? undefined : payloadOf(rest.subarray(0, bytes));
          rest = rest.subarray(bytes ?? 0);
          bodies.push({ slot: slot as BodySlot, body });
        }
        this.#omapSet(change.key, change.head, bodies);
        return rest;
      }
      case 'zero':
        this.#push({ kind: 'zero', object: this.#object, offset: change.offset, bytes: change.bytes }, 0);
        this.#grow(change.offset + change.bytes);
        return payload;
      case 'punch':
        if (this.#known.exists) {
          this.#push({ kind: 'punch', object: this.#object, offset: change.offset, bytes: change.bytes }, 0);
        }
        return payload;
      case 'create':
      case 'remove':
      case 'truncate':
      case 'set-attribute':
      case 'remove-attribute':
      case 'omap-remove':
      case 'omap-remove-range':
      case 'omap-move':
        this.#addCommon(change);
        return payload;
      default:
        return unreachable(change);
    }
  }

  addOfClass(change: ClassChange): void {
    switch (change.kind) {
      case 'write':
        this.#write(change.offset, payloadOf(change.data));
        return;
      case 'omap-set': {
        const bodies = change.bodies.map(({ slot, body }) => ({ slot, body: body && payloadOf(body) }));
        this.#omapSet(change.key, change.head, bodies);
        return;
      }
      case 'set-mark':
        this.#push(
          { kind: 'set-mark', object: this.#object, mark: change.mark, value: change.value },
          change.value.byteLength,
        );
        this.#setExists();
        return;
      case 'remove-mark':
        this.#push({ kind: 'remove-mark', object: this.#object, mark: change.mark }, 0);
        return;
      case 'create':
      case 'remove':
      case 'truncate':
      case 'set-attribute':
      case 'remove-attribute':
      case 'omap-remove':
      case 'omap-remove-range':
      case 'omap-move':
        this.#addCommon(change);
        return;
      default:
        unreachable(change);
    }
  }

  async finish(): Promise<Pick<Evaluated, 'mutations' | 'costBytes' | 'version'>> {
    for (const key of this.#movedFrom) this.#costBytes += await this.#view.omapValueBytes(key);
    const version = await this.#version();
    return { mutations: this.#mutations, costBytes: this.#costBytes, version };
  }

  async #version(): Promise<Evaluated['version']> {
    if (this.#mutations.length === 0) return (await this.#view.info())?.version ?? 'none';
    return this.#shape === undefined || this.#shape.exists ? 'new' : 'none';
  }

  #addCommon(change: CommonChange): void {
    const object = this.#object;
    switch (change.kind) {
      case 'create':
        if (!this.#known.exists) this.#push({ kind: 'create', object }, 0);
        this.#setExists();
        return;
      case 'remove':
        if (this.#known.exists) this.#push({ kind: 'remove', object }, 0);
        this.#shape = { exists: false, size: 0 };
        this.#attributes = new Map();
        return;
      case 'truncate':
        this.#truncate(change.size);
        return;
      case 'set-attribute':
        this.#setAttribute(change.name, change.value);
        return;
      case 'remove-attribute':
        if (this.#attributes?.delete(change.name) === true) {
          this.#push({ kind: 'remove-attributes', object, names: [change.name] }, 0);
        }
        return;
      case 'omap-remove':
        this.#push({ kind: 'omap-remove', object, key: change.key }, 0);
        return;
      case 'omap-remove-range':
        this.#push({ kind: 'omap-remove-range', object, from: change.from, to: change.to }, 0);
        return;
      case 'omap-move':
        this.#push({ kind: 'omap-move', object, from: change.from, to: change.to }, this.#costOfMove(change.from));
        this.#setKeys.add(change.to);
        return;
      default:
        unreachable(change);
    }
  }

  /** What is not known before `finish` is 0 here. */
  #costOfMove(from: string): number {
    if (this.#setKeys.has(from)) return valueCostBytesMax;
    this.#movedFrom.push(from);
    return 0;
  }

  #write(offset: number, data: Payload): void {
    if (offset + data.bytes > objectBytesMax) {
      const message = `${showObject(this.#object)}: ${data.bytes} bytes at ${offset} are beyond the ${objectBytesMax} of an object`;
      throw new CairnError('INVALID_ARGUMENT', message);
    }
    this.#push({ kind: 'write', object: this.#object, offset, data }, data.bytes);
    this.#grow(offset + data.bytes);
  }

  #truncate(size: number): void {
    this.#push({ kind: 'truncate', object: this.#object, size }, 0);
    this.#setExists();
    if (this.#shape !== undefined) this.#shape.size = size;
  }

  #omapSet(key: string, head: Uint8Array | undefined, bodies: readonly BodyChange<Payload>[]): void {
    const bytes = bodies.reduce((sum, { body }) => sum + (body?.bytes ?? 0), head?.byteLength ?? 0);
    this.#push({ kind: 'omap-set', object: this.#object, key, head: head && copyBytes(head), bodies }, bytes);
    this.#setKeys.add(key);
    this.#setExists();
  }

  /** What the store would refuse is refused here: after the append it is too late. */
  #setAttribute(name: string, value: Uint8Array): void {
    const attributes = this.#attributes;
    invariant(attributes !== undefined, 'who sets attributes has looked at the object');
    attributes.set(name, value);
    let bytes = 0;
    for (const [one, its] of attributes) bytes += Buffer.byteLength(one) + its.byteLength;
    if (bytes > attributeBytesMax) {
      const message = `${showObject(this.#object)}: its attributes would have ${bytes} bytes, more than ${attributeBytesMax}`;
      throw new CairnError('INVALID_ARGUMENT', `${message}; keep larger things in its omap`);
    }
    this.#push({ kind: 'set-attributes', object: this.#object, set: new Map([[name, value]]) }, value.byteLength);
    this.#setExists();
  }

  #push(mutation: Mutation, costBytes: number): void {
    invariant('object' in mutation, 'a request changes its object');
    this.#mutations.push(mutation);
    this.#costBytes += mutationCostBytes + costBytes;
  }

  get #known(): Shape {
    invariant(this.#shape !== undefined, 'what depends on the object has looked at it');
    return this.#shape;
  }

  #setExists(): void {
    if (this.#shape !== undefined) this.#shape.exists = true;
  }

  #grow(end: number): void {
    this.#setExists();
    if (this.#shape !== undefined) this.#shape.size = Math.max(this.#shape.size, end);
  }
}

function short(object: ObjectId): CairnError {
  return new CairnError('INVALID_ARGUMENT', `${showObject(object)}: the payload is shorter than what is to be written`);
}
