/** The objects of one PG in memory, and what an OSD answers: guards, reads, changes, each request once. No faults here. */
import { concatBytes, hexText } from '../../base/bytes.js';
import { CairnError } from '../../base/errors.js';
import { orderKey, objectHash, type ObjectName } from '../../cluster/object-placement.js';
import { poolId } from '../../cluster/ids.js';
import type {
  ChangePart,
  Guard,
  ListReply,
  ListRequest,
  OpReply,
  OpRequest,
  ReadPart,
  ReadResult,
} from '../../protocol/osd-methods.js';

export interface FakeObject {
  readonly name: ObjectName;
  data: Uint8Array;
  readonly attributes: Map<string, Uint8Array>;
  readonly omap: Map<string, { head: Uint8Array; readonly bodies: Map<number, Uint8Array> }>;
  version: { readonly term: number; readonly seq: number };
}

export interface Answer {
  readonly reply: OpReply;
  readonly payload: Uint8Array;
}

interface Session {
  floor: number;
  readonly answers: Map<number, Answer>;
  /** The connection that its last request came over: older ones are void. */
  connection: number;
}

const answersMax = 1_024;
const decoder = new TextDecoder();
const encoder = new TextEncoder();

export class PgModel {
  term = 1;
  #seq = 0;
  readonly objects = new Map<string, FakeObject>();
  readonly sessions = new Map<string, Session>();
  /** How often a change was made, by session and number: none may be made twice. */
  readonly applications = new Map<string, number>();
  /** Most answers kept of one session. */
  answersPeak = 0;

  /** A request of a voided connection, or below its session's floor, does nothing. */
  apply(request: OpRequest, payload: Uint8Array, connection: number): Answer {
    const session = this.#session(request, connection);
    const kept = session?.answers.get(request.request);
    if (kept !== undefined) return kept;
    if (session !== undefined && request.request < session.floor) throw refusal('CONFLICT', 'request-over');
    if (session !== undefined && session.answers.size >= answersMax) throw refusal('OVERLOADED', 'session-full');
    const answer = this.#evaluate(request, payload);
    if (session === undefined) return answer;
    session.answers.set(request.request, answer);
    this.answersPeak = Math.max(this.answersPeak, session.answers.size);
    const id = `${hexText(request.session)} ${request.request}`;
    this.applications.set(id, (this.applications.get(id) ?? 0) + 1);
    return answer;
  }

  list({ after, count }: ListRequest): ListReply {
    const sorted = [...this.objects.values()].map(({ name }) => ({ name, key: sortKey(name) }));
    sorted.sort((a, b) => (a.key < b.key ? -1 : 1));
    const from = decoder.decode(after);
    const rest = sorted.filter(({ key }) => key > from);
    const page = rest.slice(0, count);
    const last = page.at(-1);
    const next = rest.length > page.length && last !== undefined ? encoder.encode(last.key) : undefined;
    return { objects: page.map(({ name }) => name), next };
  }

  /** `undefined` for requests that change nothing. */
  #session({ session: id, request, floor }: OpRequest, connection: number): Session | undefined {
    if (request === 0) return undefined;
    const key = hexText(id);
    const session = this.sessions.get(key) ?? { floor: 1, answers: new Map<number, Answer>(), connection };
    if (connection < session.connection) throw new CairnError('CONNECTION_LOST', 'voided by a newer connection');
    session.connection = connection;
    if (floor > request) throw new CairnError('INVALID_ARGUMENT', `floor ${floor} of request ${request}`);
    session.floor = Math.max(session.floor, floor);
    for (const number of session.answers.keys()) if (number < session.floor) session.answers.delete(number);
    this.sessions.set(key, session);
    return session;
  }

  #evaluate({ namespace, locator, name, guards, reads, changes, call }: OpRequest, payload: Uint8Array): Answer {
    const key = [namespace, locator, name].join('\0');
    let object = this.objects.get(key);
    for (const [index, guard] of guards.entries()) {
      if (!holds(guard, object))
        throw new CairnError('CONFLICT', 'a guard fails', { details: { refusal: 'guard', guard: index } });
    }
    const pieces: Uint8Array[] = [];
    const results = reads.map((part) => read(part, object, pieces));
    let at = 0;
    const take = (bytes: number): Uint8Array => payload.slice(at, (at += bytes));
    for (const change of changes) {
      if (change.kind === 'remove') object = undefined;
      else {
        object ??= {
          name: { namespace, locator, name },
          data: new Uint8Array(0),
          attributes: new Map(),
          omap: new Map(),
          version: { term: 0, seq: 0 },
        };
        applyChange(object, change, take);
      }
    }
    if (changes.length > 0) {
      this.#seq += 1;
      if (object === undefined) this.objects.delete(key);
      else {
        object.version = { term: this.term, seq: this.#seq };
        this.objects.set(key, object);
      }
    }
    const reply = { version: object?.version, results, output: call === undefined ? undefined : call.input.slice() };
    return { reply, payload: concatBytes(pieces) };
  }
}

export function refusal(code: 'CONFLICT' | 'OVERLOADED' | 'NOT_FOUND', what: string, details = {}): CairnError {
  return new CairnError(code, `refused: ${what}`, { details: { refusal: what, ...details } });
}

/** Sorts as the objects of a PG are sorted. */
function sortKey(name: ObjectName): string {
  const key = orderKey(objectHash(poolId(1), name));
  return `${key.toString(16).padStart(8, '0')} ${name.namespace}\0${name.locator}\0${name.name}`;
}

function same(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0;
}

function holds(guard: Guard, object: FakeObject | undefined): boolean {
  switch (guard.kind) {
    case 'exists':
      return object !== undefined;
    case 'absent':
      return object === undefined;
    case 'version':
      return object?.version.term === guard.term && object.version.seq === guard.seq;
    case 'size':
      return object?.data.byteLength === guard.size;
    case 'attribute':
      return same(object?.attributes.get(guard.name), guard.value);
    case 'omap-head':
      return same(object?.omap.get(guard.key)?.head, guard.head);
  }
}

function read(part: ReadPart, object: FakeObject | undefined, pieces: Uint8Array[]): ReadResult {
  switch (part.kind) {
    case 'stat': {
      const stat = object === undefined ? undefined : { size: object.data.byteLength, version: object.version };
      return { kind: 'stat', stat };
    }
    case 'read': {
      if (object === undefined) throw refusal('NOT_FOUND', 'object');
      const bytes = object.data.slice(part.offset, part.offset + part.bytes);
      pieces.push(bytes);
      return { kind: 'read', bytes: bytes.byteLength };
    }
    case 'attributes':
      return { kind: 'attributes', attributes: [...(object?.attributes ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)) };
    case 'omap-get': {
      const value = object?.omap.get(part.key);
      return { kind: 'omap-get', head: value?.head, slots: [...(value?.bodies.keys() ?? [])] };
    }
    case 'omap-body': {
      const body = object?.omap.get(part.key)?.bodies.get(part.slot);
      if (body !== undefined) pieces.push(body);
      return { kind: 'omap-body', bytes: body?.byteLength };
    }
    case 'omap-list': {
      const { from, to, count, isReverse } = part;
      const keys = [...(object?.omap.keys() ?? [])]
        .filter((key) => key >= from && (to === undefined || key < to))
        .sort();
      if (isReverse) keys.reverse();
      const entries = keys
        .slice(0, count)
        .map((key) => [key, object?.omap.get(key)?.head ?? new Uint8Array(0)] as const);
      return { kind: 'omap-list', entries, isMore: keys.length > count };
    }
  }
}

function applyChange(object: FakeObject, change: ChangePart, take: (bytes: number) => Uint8Array): void {
  switch (change.kind) {
    case 'create':
    case 'remove':
      return;
    case 'write':
      object.data = overwritten(object.data, change.offset, take(change.bytes));
      return;
    case 'write-full':
      object.data = take(change.bytes);
      return;
    case 'append':
      object.data = overwritten(object.data, object.data.byteLength, take(change.bytes));
      return;
    case 'truncate':
      object.data = resized(object.data, change.size);
      return;
    case 'zero':
    case 'punch':
      object.data = overwritten(object.data, change.offset, new Uint8Array(change.bytes));
      return;
    case 'set-attribute':
      object.attributes.set(change.name, change.value);
      return;
    case 'remove-attribute':
      object.attributes.delete(change.name);
      return;
    case 'omap-set': {
      const value = object.omap.get(change.key) ?? { head: new Uint8Array(0), bodies: new Map<number, Uint8Array>() };
      if (change.head !== undefined) value.head = change.head;
      for (const { slot, bytes } of change.bodies) {
        if (bytes === undefined) value.bodies.delete(slot);
        else value.bodies.set(slot, take(bytes));
      }
      object.omap.set(change.key, value);
      return;
    }
    case 'omap-remove':
      object.omap.delete(change.key);
      return;
    case 'omap-remove-range':
      for (const key of object.omap.keys()) {
        if (key >= change.from && (change.to === undefined || key < change.to)) object.omap.delete(key);
      }
      return;
    case 'omap-move': {
      const value = object.omap.get(change.from);
      object.omap.delete(change.from);
      if (value !== undefined) object.omap.set(change.to, value);
    }
  }
}

function resized(data: Uint8Array, size: number): Uint8Array {
  const next = new Uint8Array(size);
  next.set(data.subarray(0, size));
  return next;
}

function overwritten(data: Uint8Array, offset: number, bytes: Uint8Array): Uint8Array {
  const next = resized(data, Math.max(data.byteLength, offset + bytes.byteLength));
  next.set(bytes, offset);
  return next;
}
