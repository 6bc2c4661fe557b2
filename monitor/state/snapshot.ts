/**
 * The whole state as bytes, for snapshots: sections one after the other.
 *
 *     u8 kind | u32 bytes | content          little-endian
 *
 * The first is the head, the last the end; sections of one kind stand together, in the order of `kinds`. Lists come in
 * sections of a few hundred, so that no step of writing or reading takes long. The store around it carries the checksums.
 */
import { CairnError, isCairnError } from '../../base/errors.js';
import { concatBytes, copyBytes } from '../../base/bytes.js';
import { wallMs } from '../../base/instants.js';
import { OrderedMap } from '../../base/ordered-map.js';
import type { Steps } from '../../base/steps.js';
import { applyIncrementalSteps } from '../../cluster/apply-incremental.js';
import { decodeIncrementalInSlices } from '../../cluster/codec/incremental-codec.js';
import { decodeMapInSlices, encodeMapInSlices } from '../../cluster/codec/map-codec.js';
import type { AuditRecord, ClusterLogRecord } from '../../protocol/cluster-log.js';
import type { Clock } from '../../runtime/clock.js';
import { Slices } from '../../runtime/slices.js';
import { decodeHeader, encodeHeader } from '../../wire/header-codec.js';
import { MapHistory } from './map-history.js';
import { NumberedRecords } from './numbered-records.js';
import { type Session, Sessions } from './sessions.js';
import { auditRecordsMax, logRecordsMax, type StateContent } from './state.js';
import type { HealthMute } from './types.js';

const format = 1;

/** Numbers are the format's: never reused. */
const kinds = { head: 1, map: 2, incremental: 3, keys: 4, sessions: 5, audit: 6, log: 7, end: 8 } as const;

const headBytes = 5;
/** Entries of a list per section: some tens of KiB. */
const listMax = 200;
/** A section is read whole; a map of 100,000 PGs has a few MiB. */
const sectionBytesMax = 512 * 1024 * 1024;

interface Head {
  readonly format: number;
  readonly version: number;
  readonly wall: number;
  readonly wallLimit: number;
  readonly sessionClockMs: number;
  readonly sessionsSweptAt: number;
  readonly auditLast: number;
  readonly logLast: number;
  readonly mutes: readonly HealthMute[];
}

/** In steps: whoever reads it may let other work run between two pieces. */
export async function* encodeSnapshot(content: StateContent): AsyncGenerator<Uint8Array> {
  const { version, wall, wallLimit, history, sessions, audit, log, mutes } = content;
  const head: Head = {
    format,
    version,
    wall,
    wallLimit,
    sessionClockMs: sessions.clockMs,
    sessionsSweptAt: sessions.sweptAt,
    auditLast: audit.last,
    logLast: log.last,
    mutes: [...mutes.values()],
  };
  yield* section(kinds.head, encodeHeader(head));
  // The oldest map kept, and what leads from it to the newest: so the past survives a restart.
  const map: Uint8Array[] = [];
  for (const piece of encodeMapInSlices(history.base)) {
    map.push(piece);
    yield new Uint8Array(0);
  }
  yield* section(kinds.map, ...map);
  for (const { incremental } of history.steps) yield* section(kinds.incremental, incremental);
  yield* list(kinds.keys, content.keys.entries());
  yield* list(kinds.sessions, sessions.entries());
  yield* list(kinds.audit, audit.following({ after: 0, count: auditRecordsMax }));
  yield* list(kinds.log, log.following({ after: 0, count: logRecordsMax }));
  yield* section(kinds.end);
}

/**
 * In slices: other work of the process goes on meanwhile. Throws `CORRUPT` when the pieces are no snapshot,
 * `VERSION_MISMATCH` when a newer program wrote it.
 */
export async function decodeSnapshot(
  pieces: AsyncIterable<Uint8Array>,
  clock: Pick<Clock, 'now' | 'yieldTurn'>,
): Promise<StateContent> {
  const reading = new Reading();
  const slices = new Slices(clock);
  for await (const { kind, bytes } of readSections(pieces)) {
    await slices.run(parsing(`section kind ${kind}`, reading.take(kind, bytes)));
  }
  return await slices.run(parsing('its head', reading.content()));
}

/** What the codecs and the checks of the map throw, whatever it is, says that these bytes are not what was written. */
function* parsing<T>(what: string, steps: Steps<T>): Steps<T> {
  try {
    return yield* steps;
  } catch (error) {
    if (isCairnError(error, 'CORRUPT') || isCairnError(error, 'VERSION_MISMATCH')) throw error;
    throw corrupt(`${what} cannot be read`, error);
  }
}

/** What the sections read so far amount to. */
class Reading {
  #lastKind = 0;
  #head: Head | undefined;
  #history: MapHistory | undefined;
  readonly #keys = new OrderedMap<Uint8Array>();
  #sessions = new Sessions();
  readonly #audit: AuditRecord[] = [];
  readonly #log: ClusterLogRecord[] = [];

  /** One more section, and a step at its end: hundreds of small ones are as long as a large one. */
  *take(kind: number, bytes: Uint8Array): Steps<void> {
    yield* this.#take(kind, bytes);
    yield;
  }

  *#take(kind: number, bytes: Uint8Array): Steps<void> {
    if (kind < this.#lastKind) throw corrupt(`section kind ${kind} comes after kind ${this.#lastKind}`);
    if (kind !== kinds.head && this.#head === undefined) throw corrupt('it has no head');
    this.#lastKind = kind;
    switch (kind) {
      case kinds.head:
        if (this.#head !== undefined) throw corrupt('it has two heads');
        this.#head = readHead(bytes);
        this.#sessions = new Sessions({ clockMs: this.#head.sessionClockMs, sweptAt: this.#head.sessionsSweptAt });
        return;
      case kinds.map:
        if (this.#history !== undefined) throw corrupt('it has two maps');
        this.#history = new MapHistory(yield* decodeMapInSlices(bytes));
        return;
      case kinds.incremental:
        if (this.#history === undefined) throw corrupt('a change of the map stands before the map');
        return yield* this.#addStep(this.#history, bytes);
      case kinds.keys:
        for (const [name, key] of readList(bytes) as readonly [string, Uint8Array][]) this.#keys.set(name, key);
        return;
      case kinds.sessions:
        for (const [id, one] of readList(bytes) as readonly [string, Session][]) this.#sessions.restore(id, one);
        return;
      case kinds.audit:
        for (const record of readList(bytes) as readonly AuditRecord[]) this.#audit.push(record);
        return;
      case kinds.log:
        for (const record of readList(bytes) as readonly ClusterLogRecord[]) this.#log.push(record);
        return;
      case kinds.end:
        return;
      default:
        throw corrupt(`section kind ${kind} is unknown`);
    }
  }

  *#addStep(history: MapHistory, bytes: Uint8Array): Steps<void> {
    const incremental = yield* decodeIncrementalInSlices(bytes);
    history.add(yield* applyIncrementalSteps(history.newest, incremental), bytes);
  }

  *content(): Steps<StateContent> {
    // What follows is short, whatever the size.
    yield;
    const head = this.#head;
    const history = this.#history;
    if (head === undefined || history === undefined) throw corrupt('it has no head or no map');
    return {
      version: head.version,
      wall: wallMs(head.wall),
      wallLimit: wallMs(head.wallLimit),
      history,
      keys: this.#keys,
      sessions: this.#sessions,
      audit: NumberedRecords.from(auditRecordsMax, this.#audit, head.auditLast),
      log: NumberedRecords.from(logRecordsMax, this.#log, head.logLast),
      mutes: new Map(head.mutes.map((mute) => [mute.code, mute])),
    };
  }
}

function* section(kind: number, ...content: readonly Uint8Array[]): Generator<Uint8Array> {
  const head = new Uint8Array(headBytes);
  head[0] = kind;
  let bytes = 0;
  for (const piece of content) bytes += piece.byteLength;
  new DataView(head.buffer).setUint32(1, bytes, true);
  yield head;
  yield* content;
}

function* list(kind: number, entries: Iterable<unknown>): Generator<Uint8Array> {
  let some: unknown[] = [];
  for (const entry of entries) {
    some.push(entry);
    if (some.length < listMax) continue;
    yield* section(kind, encodeHeader(some));
    some = [];
  }
  if (some.length > 0) yield* section(kind, encodeHeader(some));
}

function readHead(bytes: Uint8Array): Head {
  const head = decodeHeader(bytes, 0, bytes.byteLength) as Head;
  if (head.format === format) return head;
  throw new CairnError('VERSION_MISMATCH', `the snapshot has format ${head.format}; start a newer version of cairn`);
}

/** What `list` wrote: what kind of records these are follows from the section's kind, and the store's checksum covers it. */
function readList(bytes: Uint8Array): readonly unknown[] {
  const list = decodeHeader(bytes, 0, bytes.byteLength);
  if (Array.isArray(list)) return list as readonly unknown[];
  throw corrupt('a list is none');
}

async function* readSections(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<{ kind: number; bytes: Uint8Array }> {
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  const take = (count: number): Uint8Array => {
    const all = waiting.length === 1 && waiting[0] !== undefined ? waiting[0] : concatBytes(waiting);
    waiting = [all.subarray(count)];
    waitingBytes -= count;
    return copyBytes(all.subarray(0, count));
  };
  let head: { kind: number; bytes: number } | undefined;
  let hasEnd = false;
  for await (const piece of pieces) {
    if (piece.byteLength === 0) continue;
    waiting.push(piece);
    waitingBytes += piece.byteLength;
    for (;;) {
      if (head === undefined) {
        if (waitingBytes < headBytes) break;
        if (hasEnd) throw corrupt('it goes on after its end');
        const bytes = take(headBytes);
        head = { kind: bytes[0] ?? 0, bytes: new DataView(bytes.buffer).getUint32(1, true) };
        if (head.bytes > sectionBytesMax) throw corrupt('a section is too large');
      }
      if (waitingBytes < head.bytes) break;
      hasEnd = head.kind === kinds.end;
      yield { kind: head.kind, bytes: take(head.bytes) };
      head = undefined;
    }
  }
  if (!hasEnd || head !== undefined || waitingBytes > 0) throw corrupt('it ends in the middle');
}

function corrupt(what: string, cause?: unknown): CairnError {
  return new CairnError('CORRUPT', `this is no snapshot of a monitor: ${what}`, { cause });
}
