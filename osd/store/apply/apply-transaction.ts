/**
 * A transaction's effect on the index. Pure but for the draft: the same transaction on the same state has the same effect,
 * when it is written and when it is replayed.
 */
import { copyBytes } from '../../../base/bytes.js';
import { CairnError } from '../../../base/errors.js';
import { invariant, unreachable } from '../../../base/invariant.js';
import { logBlockKey, markKey, pgPart, pgValueKey } from '../format/index-key.js';
import type { Extent } from '../format/extents.js';
import type { PayloadRef } from '../format/payload-ref.js';
import { chunkBytes, logEntryBytesMax } from '../limits.js';
import type { ObjectId } from '../object-id.js';
import { decodeLogBlock, type PackedEntry } from '../pg/log-block.js';
import { viewLogEntry, touchedBy, type Touched } from '../pg/log-entry.js';
import type { Mutation, PayloadSize, Transaction } from '../transaction.js';
import { applyClone, applyCloneRange } from './apply-clone.js';
import { applyOmapMove, applyOmapRemove, applyOmapRemoveRange, applyOmapSet } from './apply-omap.js';
import { applySplit } from './apply-split.js';
import { rangeBelow, type Draft } from './draft.js';
import { ObjectEditor } from './object-editor.js';

/**
 * `payloads` has one entry for each payload that `forEachPayload` visits. Throws `MissingKeys` when LevelDB has to be
 * asked first, `INVALID_ARGUMENT` for what the state of the object does not allow; the draft is then to be dropped.
 */
export function applyTransaction(
  draft: Draft,
  transaction: Transaction<PayloadSize>,
  payloads: readonly PayloadRef[],
): void {
  new Application(draft, transaction, payloads).run();
}

class Application {
  readonly #draft: Draft;
  readonly #transaction: Transaction<PayloadSize>;
  readonly #payloads: readonly PayloadRef[];
  #nextPayload = 0;
  /** Most transactions change one object: a map for one costs more than looking at it. */
  #editor: ObjectEditor | undefined;
  #editors: Map<string, ObjectEditor> | undefined;
  #touched: Touched[] | undefined;

  constructor(draft: Draft, transaction: Transaction<PayloadSize>, payloads: readonly PayloadRef[]) {
    this.#draft = draft;
    this.#transaction = transaction;
    this.#payloads = payloads;
  }

  run(): void {
    const { pg, mutations, copied, entry, cutAfter, trimTo, split } = this.#transaction;
    for (const mutation of mutations) {
      if (entry !== undefined) this.#touch(mutation);
      this.#apply(mutation);
    }
    invariant(this.#nextPayload === this.#payloads.length, 'every payload has its mutation');
    this.#stampVersions();
    this.#editor?.finish();
    if (this.#editors !== undefined) for (const editor of this.#editors.values()) editor.finish();
    if (cutAfter !== undefined) this.#cutLog(cutAfter.term, cutAfter.seq);
    if (copied !== undefined) this.#appendCopied(copied);
    if (entry !== undefined) this.#appendEntry();
    if (trimTo !== undefined) this.#draft.trimLog(trimTo);
    if (split !== undefined) applySplit(this.#draft, pg, split);
  }

  #touch(mutation: Mutation<PayloadSize>): void {
    const isAtSize = mutation.kind === 'append' || mutation.kind === 'truncate';
    const touched = touchedBy(mutation, isAtSize ? this.#edit(mutation.object).size : 0);
    // A list that may have thousands is no list of arguments.
    if (this.#touched === undefined) this.#touched = touched;
    else for (const one of touched) this.#touched.push(one);
  }

  #apply(mutation: Mutation<PayloadSize>): void {
    switch (mutation.kind) {
      case 'create':
        this.#edit(mutation.object).create();
        return;
      case 'remove':
        this.#edit(mutation.object).remove();
        return;
      case 'write':
        this.#write(mutation.object, mutation.offset, mutation.data.bytes);
        return;
      case 'append':
        this.#write(mutation.object, this.#edit(mutation.object).size, mutation.data.bytes);
        return;
      case 'truncate':
        this.#edit(mutation.object).resize(mutation.size);
        return;
      case 'zero':
        this.#edit(mutation.object).replace(mutation.offset, mutation.offset + mutation.bytes, () => []);
        return;
      case 'punch':
        this.#punch(mutation.object, mutation.offset, mutation.bytes);
        return;
      case 'clone':
        applyClone(this.#draft, this.#edit(mutation.source), this.#edit(mutation.object));
        return;
      case 'clone-range':
        applyCloneRange(this.#draft, this.#edit(mutation.source), this.#edit(mutation.object), mutation);
        return;
      case 'set-attributes': {
        const editor = this.#edit(mutation.object);
        editor.setAttributes(new Map([...editor.attributes, ...mutation.set]));
        return;
      }
      case 'remove-attributes':
        this.#removeAttributes(mutation.object, mutation.names);
        return;
      case 'set-version':
        this.#edit(mutation.object).setVersion(mutation.version);
        return;
      case 'omap-set': {
        const count = mutation.bodies.filter(({ body }) => body !== undefined && body.bytes > 0).length;
        applyOmapSet(this.#draft, this.#edit(mutation.object), mutation, this.#takePayloads(count));
        return;
      }
      case 'omap-remove':
        applyOmapRemove(this.#draft, this.#edit(mutation.object), mutation.key);
        return;
      case 'omap-remove-range':
        applyOmapRemoveRange(this.#draft, this.#edit(mutation.object), mutation.from, mutation.to);
        return;
      case 'omap-move':
        applyOmapMove(this.#draft, this.#edit(mutation.object), mutation.from, mutation.to);
        return;
      case 'set-mark':
        this.#setMark(mutation.object, mutation.mark, mutation.value);
        return;
      case 'remove-mark':
        this.#draft.delete(markKey(mutation.object, mutation.mark));
        return;
      case 'pg-set':
        // The caller's buffer is his again once the transaction is durable; layers keep values for longer.
        this.#draft.put(pgValueKey(this.#transaction.pg, mutation.key), copyBytes(mutation.value));
        return;
      case 'pg-remove':
        this.#draft.delete(pgValueKey(this.#transaction.pg, mutation.key));
        return;
      case 'pg-remove-range':
        this.#draft.removeRange(rangeBelow(`p${pgPart(this.#transaction.pg)}`, mutation.from, mutation.to));
        return;
      default:
        unreachable(mutation);
    }
  }

  #edit(object: ObjectId): ObjectEditor {
    const { key } = object;
    const first = this.#editor;
    if (first?.object.key === key) return first;
    const known = this.#editors?.get(key);
    if (known !== undefined) return known;
    const editor = new ObjectEditor(this.#draft, object);
    if (first === undefined) this.#editor = editor;
    else (this.#editors ??= new Map<string, ObjectEditor>()).set(key, editor);
    return editor;
  }

  #takePayloads(count: number): readonly PayloadRef[] {
    const taken = this.#payloads.slice(this.#nextPayload, this.#nextPayload + count);
    invariant(taken.length === count, 'every mutation has its payloads');
    this.#nextPayload += count;
    return taken;
  }

  #write(object: ObjectId, offset: number, bytes: number): void {
    const editor = this.#edit(object);
    if (bytes === 0) {
      editor.create();
      return;
    }
    const payload = this.#payloads[this.#nextPayload];
    this.#nextPayload += 1;
    invariant(payload?.bytes === bytes, 'a payload is as long as what is written');
    this.#draft.addLive(payload.segment, bytes);
    editor.replace(offset, offset + bytes, (chunk, start, end): Extent[] => [
      { at: start, bytes: end - start, source: { kind: 'own', payload }, skip: chunk * chunkBytes + start - offset },
    ]);
  }

  #punch(object: ObjectId, offset: number, bytes: number): void {
    const editor = this.#edit(object);
    const end = Math.min(offset + bytes, editor.size);
    if (offset < end) editor.replace(offset, end, () => []);
  }

  #removeAttributes(object: ObjectId, names: readonly string[]): void {
    const editor = this.#edit(object);
    if (!names.some((name) => editor.attributes.has(name))) return;
    const attributes = new Map(editor.attributes);
    for (const name of names) attributes.delete(name);
    editor.setAttributes(attributes);
  }

  #setMark(object: ObjectId, mark: string, value: Uint8Array): void {
    const editor = this.#edit(object);
    editor.create();
    editor.setHasMarks();
    this.#draft.put(markKey(object, mark), copyBytes(value));
  }

  /** Every object that a transaction with an entry changed has the entry's version, unless it was given another. */
  #stampVersions(): void {
    const { entry, mutations } = this.#transaction;
    if (entry === undefined) return;
    const version = { term: entry.term, seq: entry.seq };
    const own = mutations.some(({ kind }) => kind === 'set-version') ? new Set<string>() : undefined;
    if (own !== undefined) {
      for (const mutation of mutations) if (mutation.kind === 'set-version') own.add(mutation.object.key);
    }
    for (const mutation of mutations) {
      if (!('object' in mutation) || own?.has(mutation.object.key) === true) continue;
      const editor = this.#edit(mutation.object);
      if (editor.exists) editor.setVersion(version);
    }
  }

  /** Of the log as the transaction has changed it so far. */
  get #lastSeq(): number {
    const { pg, cutAfter, copied } = this.#transaction;
    const stored = this.#draft.state.pgs.get(pg)?.lastSeq ?? 0;
    return copied?.at(-1)?.seq ?? Math.min(cutAfter?.seq ?? stored, stored);
  }

  #appendCopied(copied: readonly PackedEntry[]): void {
    const { pg, cutAfter } = this.#transaction;
    const stored = this.#draft.state.pgs.get(pg)?.lastSeq ?? 0;
    let last = Math.min(cutAfter?.seq ?? stored, stored);
    for (const { term, seq, bytes } of copied) {
      if (seq <= last) throw new CairnError('CONFLICT', `entry ${seq} does not follow ${last} in the log of the PG`);
      last = seq;
      this.#draft.appendEntry({ term, seq, bytes });
    }
  }

  #appendEntry(): void {
    const { entry } = this.#transaction;
    invariant(entry !== undefined, 'there is an entry');
    const last = this.#lastSeq;
    if (entry.seq <= last) {
      throw new CairnError('CONFLICT', `entry ${entry.seq} does not follow ${last} in the log of the PG`);
    }
    const { term, seq, object, session, request, reply } = entry;
    const bytes = viewLogEntry({ term, seq, object, session, request, reply, touched: this.#touched ?? [] });
    if (bytes.byteLength > logEntryBytesMax) {
      const message = `a log entry of ${bytes.byteLength} bytes: the transaction touches too much; split it`;
      throw new CairnError('INVALID_ARGUMENT', message);
    }
    this.#draft.appendEntry({ term, seq, bytes });
  }

  #cutLog(term: number, seq: number): void {
    const { pg } = this.#transaction;
    const state = this.#draft.state.pgs.get(pg);
    if (state === undefined || seq >= state.lastSeq) return;
    const end = { term, seq };
    const tailFirst = state.tail[0]?.seq;
    if (tailFirst !== undefined && seq >= tailFirst) {
      const tail = state.tail.filter((entry) => entry.seq <= seq);
      this.#draft.cutLog({ end, keptBlocks: state.blocks.length, tail });
      return;
    }
    let index = state.blocks.length - 1;
    while (index >= 0 && (state.blocks[index]?.first ?? 0) > seq) index -= 1;
    const block = state.blocks[index];
    if (block === undefined) {
      this.#draft.cutLog({ end, keptBlocks: 0, tail: [] });
      return;
    }
    const stored = this.#draft.get(logBlockKey(pg, block.first));
    if (stored === undefined) {
      throw new CairnError('CORRUPT', `the index lacks log block ${block.first} of a PG; run cairn osd fsck`);
    }
    const entries = decodeLogBlock(stored);
    const tail = entries.filter((entry) => entry.seq <= seq);
    // A full block that stays whole stays a block: as the tail, it would take entries beyond what a block may hold.
    if (tail.length === entries.length) this.#draft.cutLog({ end, keptBlocks: index + 1, tail: [] });
    else this.#draft.cutLog({ end, keptBlocks: index, tail });
  }
}
