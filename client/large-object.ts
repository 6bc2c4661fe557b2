/**
 * One object with more bytes than one operation takes: written and read in pieces, several at a time.
 *
 * Writing replaces the object. What fits one operation is one, and atomic. More is not: a `version` of the first operation
 * is no guard for the others, which are side by side. The order is chosen so that nobody takes a part for the whole:
 *
 *     1. remove and create, in one operation: the old bytes are gone, with attributes and omap; the size is 0
 *     2. all pieces but the last, side by side: the size grows, with zeros where a piece has not come yet
 *     3. the last piece, alone: only now the size is the whole one, and nothing before it is missing
 *
 * So a size is either what the object will have, with all bytes right, or smaller. To write into the old object and cut its
 * tail at the end would show new bytes within the old size, which nobody could tell from a whole object. When it fails in
 * between, a part is left; two who write one object side by side leave pieces of both.
 */
import { concatBytes } from '../base/bytes.js';
import { CairnError, isCairnError } from '../base/errors.js';
import { invariant } from '../base/invariant.js';
import { opBytesMax } from '../protocol/osd-methods.js';
import { objectBytesMax } from '../protocol/object-limits.js';
import type { WaitOptions } from '../runtime/clock.js';
import { forEachBounded } from './bounded.js';
import type { ObjectRef } from './operation.js';
import type { PoolClient } from './pool-client.js';
import { extentsOf } from './striping.js';

/** As much as keeps the disks of the PG's OSDs busy, and half of what one operation may have. */
export const pieceBytes = 4 * 1024 * 1024;
/** Pieces of one object under way at once: its PG writes them one after the other, so more only wait there. */
const atOnce = 4;

export interface TransferOptions {
  readonly signal?: AbortSignal | undefined;
  /** For each operation anew: how long the whole takes depends on its size. */
  readonly waitForPiece?: () => Pick<WaitOptions, 'deadline'>;
  /** Bytes done so far. */
  readonly onProgress?: (bytes: number) => void;
}

/** Pieces of whatever sizes, in order, each lent until the next is asked for. Resolves to the bytes written. */
export async function writeLargeObject(
  pool: PoolClient,
  ref: ObjectRef,
  source: AsyncIterable<Uint8Array>,
  options: TransferOptions = {},
): Promise<number> {
  const { signal, waitForPiece = () => ({}), onProgress } = options;
  const pieces = piecesOf(source)[Symbol.asyncIterator]();
  const first = await pieces.next();
  const head = first.done === true ? new Uint8Array(0) : first.value;
  let next = await pieces.next();
  if (next.done === true) {
    const changes = [{ kind: 'remove' }, { kind: 'write-full', bytes: head.byteLength }] as const;
    await pool.operate(ref, { changes, payload: head }, { signal, ...waitForPiece() });
    onProgress?.(head.byteLength);
    return head.byteLength;
  }
  await pool.operate(ref, { changes: [{ kind: 'remove' }, { kind: 'create' }] }, { signal, ...waitForPiece() });
  let written = 0;
  let offset = 0;
  const write = async (piece: Placed, stop: AbortSignal | undefined): Promise<void> => {
    await pool.write(ref, piece.offset, piece.bytes, { signal: stop, ...waitForPiece() });
    written += piece.bytes.byteLength;
    onProgress?.(written);
  };
  const place = (bytes: Uint8Array): Placed => {
    const placed = { offset, bytes };
    offset += bytes.byteLength;
    if (offset > objectBytesMax) {
      const sentence = `an object has at most ${objectBytesMax} bytes, and there are more; split it over several`;
      throw new CairnError('INVALID_ARGUMENT', `${sentence}, or remove the part that was written`, { applied: 'yes' });
    }
    return placed;
  };
  let last = place(head);
  const allButTheLast = async function* (): AsyncGenerator<Placed, void, void> {
    while (next.done !== true) {
      yield last;
      last = place(next.value);
      next = await pieces.next();
    }
  };
  await forEachBounded(allButTheLast(), { atOnce, signal }, write);
  await write(last, signal);
  return written;
}

interface Placed {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Pieces in order, each when it and all before it have come. `NOT_FOUND` when the object is not there. */
export async function* readLargeObject(
  pool: PoolClient,
  ref: ObjectRef,
  { signal, waitForPiece = () => ({}), onProgress }: TransferOptions = {},
): AsyncGenerator<Uint8Array, void, void> {
  const first = await pool.operate(
    ref,
    { reads: [{ kind: 'stat' }, { kind: 'read', offset: 0, bytes: pieceBytes }] },
    { signal, ...waitForPiece() },
  );
  const [stat] = first.results;
  const [, head = new Uint8Array(0)] = first.bytes;
  if (stat?.kind !== 'stat' || stat.stat === undefined) {
    throw new CairnError('PROTOCOL_ERROR', 'the OSD read bytes of an object that it says is not there');
  }
  const { size, version } = stat.stat;
  let done = head.byteLength;
  onProgress?.(done);
  yield head;
  // Pieces of two versions are no object that ever was: the rest is read only while this one lasts.
  const guards = [{ kind: 'version', ...version } as const];
  const rest = [...extentsOf(head.byteLength, size - head.byteLength, pieceBytes)];
  const ahead: Promise<Uint8Array>[] = [];
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  const begin = (): void => {
    const extent = rest.shift();
    if (extent === undefined) return;
    const offset = head.byteLength + extent.at;
    const read = { kind: 'read', offset, bytes: extent.bytes } as const;
    const piece = pool
      .operate(ref, { guards, reads: [read] }, { signal: stop.signal, ...waitForPiece() })
      .then(({ bytes }) => bytes[0] ?? new Uint8Array(0), rethrowAsChanged);
    // Awaited in turn; when an earlier one fails nobody asks for this.
    piece.catch(() => undefined);
    ahead.push(piece);
  };
  try {
    for (let index = 0; index < atOnce; index++) begin();
    for (let piece = ahead.shift(); piece !== undefined; piece = ahead.shift()) {
      const bytes = await piece;
      begin();
      done += bytes.byteLength;
      onProgress?.(done);
      yield bytes;
    }
  } finally {
    stop.abort(new CairnError('CANCELLED', 'the reader left'));
    signal?.removeEventListener('abort', onAbort);
    await Promise.allSettled(ahead);
  }
}

function rethrowAsChanged(error: unknown): never {
  if (!isCairnError(error) || error.details['refusal'] !== 'guard') throw error;
  throw new CairnError('CONFLICT', 'the object changed while it was read; read it again', { cause: error });
}

/** The same bytes in pieces of `pieceBytes`, the last one smaller; nothing for no bytes. Each is a copy of its own. */
async function* piecesOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.byteLength;) {
      const part = chunk.slice(at, at + pieceBytes - heldBytes);
      at += part.byteLength;
      held.push(part);
      heldBytes += part.byteLength;
      if (heldBytes < pieceBytes) continue;
      yield joined(held);
      held = [];
      heldBytes = 0;
    }
  }
  if (heldBytes > 0) yield joined(held);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  return parts.length === 1 && first !== undefined ? first : concatBytes(parts);
}

invariant(pieceBytes <= opBytesMax, 'a piece fits one operation');
