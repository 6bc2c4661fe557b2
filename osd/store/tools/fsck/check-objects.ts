/**
 * Objects: four walks side by side, over heads, chunks, omap and marks. All are in the order of the objects, so that each
 * head meets what belongs to it, and what meets no head is nobody's. Memory does not grow with the store.
 */
import { decodeChunk } from '../../format/chunk-value.js';
import type { Extent } from '../../format/extents.js';
import { objectPartOf, payloadOwnerKey, prefixRange, suffixOf, type KeySpace } from '../../format/index-key.js';
import { decodeObjectHead, isInline, type ObjectHead } from '../../format/object-head.js';
import { decodeOmapValue } from '../../format/omap-value.js';
import { decodePayloadOwner, type PayloadOwner } from '../../format/payload-owner.js';
import type { Index } from '../../index/index.js';
import { IndexWalk, type IndexEntry } from '../../index/walk.js';
import { chunkBytes } from '../../limits.js';
import { parseObjectKey, readU32, showObject, type ObjectId } from '../../object-id.js';
import { showKey } from '../../../../runtime/kv-seal.js';
import type { Accounts } from './accounts.js';
import type { PayloadChecker } from './check-payloads.js';
import type { FindingCode, Findings } from './finding.js';
import { malformed } from './load-for-check.js';
import type { Repairs } from './repairs.js';

export interface ObjectCheck {
  readonly index: Index;
  readonly accounts: Accounts;
  readonly payloads: PayloadChecker;
  readonly findings: Findings;
  readonly repairs: Repairs;
  readonly onKey: (entry: IndexEntry) => void;
}

export async function checkObjects(check: ObjectCheck): Promise<void> {
  const checker = new ObjectChecker(check);
  await checker.run();
}

class ObjectChecker {
  readonly #check: ObjectCheck;
  readonly #chunks: SpaceCursor;
  readonly #omap: SpaceCursor;
  readonly #marks: SpaceCursor;
  readonly #heads: SpaceCursor;

  constructor(check: ObjectCheck) {
    this.#check = check;
    const cursor = (space: KeySpace): SpaceCursor => new SpaceCursor(check, space);
    this.#heads = cursor('o');
    this.#chunks = cursor('e');
    this.#omap = cursor('m');
    this.#marks = cursor('w');
  }

  async run(): Promise<void> {
    try {
      for (let entry = await this.#heads.next(); entry !== undefined; entry = await this.#heads.next()) {
        await this.#orphans(entry.object);
        await this.#checkHead(entry);
      }
      await this.#orphans(undefined);
    } finally {
      for (const cursor of [this.#heads, this.#chunks, this.#omap, this.#marks]) await cursor.close();
    }
  }

  /** What belongs to objects before this one, whose heads would have come by. */
  async #orphans(before: string | undefined): Promise<void> {
    const spaces: [SpaceCursor, FindingCode, string][] = [
      [this.#chunks, 'chunk-orphan', 'extents of an object that does not exist'],
      [this.#omap, 'omap-orphan', 'an omap key of an object that does not exist'],
      [this.#marks, 'mark-orphan', 'a work mark of an object that does not exist'],
    ];
    for (const [cursor, code, message] of spaces) {
      for (let entry = await cursor.peek(); entry !== undefined; entry = await cursor.peek()) {
        if (before !== undefined && entry.object >= before) break;
        await cursor.next();
        this.#orphan(code, message, entry.key);
      }
    }
  }

  #orphan(code: FindingCode, message: string, key: string): void {
    this.#check.findings.add(code, message, { key: showKey(key) });
    this.#check.repairs.remove(key);
  }

  async #checkHead({ key, value, object: part }: ObjectEntry): Promise<void> {
    const { findings, accounts, payloads } = this.#check;
    let object: ObjectId;
    let head: ObjectHead;
    try {
      object = parseObjectKey(part);
      head = decodeObjectHead(value);
    } catch (error) {
      malformed(findings, key, error);
      // Unknown is what it owns: those keys are not orphans, and not to be removed.
      await this.#skip(part);
      return;
    }
    accounts.addObject(object, head.size);
    payloads.begin();
    await this.#checkExtents(object, head.extents, 0, head.size);
    await this.#checkChunks(object, head);
    await this.#checkOmap(object, head);
    for (let mark = await this.#of(this.#marks, part); mark !== undefined; mark = await this.#of(this.#marks, part)) {
      if (!head.hasMarks) this.#orphan('mark-orphan', `${showObject(object)} has no marks, its head says`, mark.key);
    }
  }

  async #checkChunks(object: ObjectId, head: ObjectHead): Promise<void> {
    const { findings } = this.#check;
    for (;;) {
      const entry = await this.#of(this.#chunks, object.key);
      if (entry === undefined) return;
      const suffix = suffixOf(entry.key);
      if (suffix.length !== 4) {
        findings.add('index-malformed', 'the key of a chunk is malformed', { key: showKey(entry.key) });
        continue;
      }
      const chunk = readU32(suffix, 0);
      if (isInline(head.size)) {
        this.#orphan('chunk-inline', `${showObject(object)} keeps its extents in its head`, entry.key);
        continue;
      }
      if (chunk * chunkBytes >= head.size) {
        this.#orphan('chunk-beyond', `${showObject(object)} has ${head.size} bytes: none in chunk ${chunk}`, entry.key);
        continue;
      }
      try {
        await this.#checkExtents(object, decodeChunk(entry.value), chunk, head.size);
      } catch (error) {
        malformed(findings, entry.key, error);
      }
    }
  }

  async #checkExtents(object: ObjectId, extents: readonly Extent[], chunk: number, size: number): Promise<void> {
    const { accounts, findings, payloads } = this.#check;
    for (const { at, bytes, source, skip } of extents) {
      const offset = chunk * chunkBytes + at;
      const place = { object: showObject(object), offset };
      if (offset + bytes > size) {
        findings.add('extent-beyond', `an extent at ${offset} of ${bytes} bytes: the object has ${size}`, place);
      }
      if (source.kind === 'shared') accounts.addReference(source.id, skip + bytes);
      else await payloads.check(source.payload, object.owner, skip, bytes, { object: showObject(object) });
    }
  }

  async #checkOmap(object: ObjectId, head: ObjectHead): Promise<void> {
    for (;;) {
      const entry = await this.#of(this.#omap, object.key);
      if (entry === undefined) return;
      if (!head.hasOmap) {
        this.#orphan('omap-orphan', `${showObject(object)} has no omap, its head says`, entry.key);
        continue;
      }
      try {
        const key = suffixOf(entry.key);
        for (const { slot, payload, isMoved } of decodeOmapValue(entry.value).bodies) {
          if (payload === undefined) continue;
          this.#check.payloads.begin();
          const place = { object: showObject(object), key: showKey(entry.key) };
          await this.#check.payloads.check(payload, object.owner, 0, payload.bytes, place);
          const owner: PayloadOwner = { kind: 'body', objectKey: object.key, key, slot };
          if (isMoved) await checkOwnerThere(this.#check, payload, owner);
        }
      } catch (error) {
        malformed(this.#check.findings, entry.key, error);
      }
    }
  }

  async #skip(object: string): Promise<void> {
    for (const cursor of [this.#chunks, this.#omap, this.#marks]) {
      while ((await this.#of(cursor, object)) !== undefined);
    }
  }

  /** The next entry of the space that is this object's. */
  async #of(cursor: SpaceCursor, object: string): Promise<ObjectEntry | undefined> {
    const entry = await cursor.peek();
    return entry?.object === object ? await cursor.next() : undefined;
  }
}

/** The cleaner must find the owner of a payload that the log no longer tells. */
export async function checkOwnerThere(
  { index, findings, repairs }: Pick<ObjectCheck, 'index' | 'findings' | 'repairs'>,
  payload: { readonly segment: number; readonly offset: number },
  owner: PayloadOwner,
): Promise<void> {
  const key = payloadOwnerKey(payload);
  try {
    const stored = await index.get(key);
    const found = stored === undefined ? undefined : decodePayloadOwner(stored);
    if (found !== undefined && isSameOwner(found, owner)) return;
  } catch (error) {
    malformed(findings, key, error);
    return;
  }
  const message = `segment ${payload.segment} at ${payload.offset}: the key that says who owns this payload is missing or wrong`;
  findings.add('owner-missing', message, { key: showKey(key), segment: payload.segment, offset: payload.offset });
  repairs.setOwner(key, owner);
}

export function isSameOwner(a: PayloadOwner, b: PayloadOwner): boolean {
  if (a.kind === 'shared' || b.kind === 'shared')
    return a.kind === b.kind && a.kind === 'shared' && b.kind === 'shared' && a.id === b.id;
  return a.objectKey === b.objectKey && a.key === b.key && a.slot === b.slot;
}

interface ObjectEntry extends IndexEntry {
  /** The object's part of the key. */
  readonly object: string;
}

const pageEntries = 256;

/** One key space of objects, entry by entry, with a look at the next. */
class SpaceCursor {
  readonly #check: ObjectCheck;
  readonly #walk: IndexWalk;
  #page: readonly IndexEntry[] = [];
  #at = 0;
  #peeked: ObjectEntry | undefined;

  constructor(check: ObjectCheck, space: KeySpace) {
    this.#check = check;
    this.#walk = new IndexWalk(check.index, prefixRange(space));
  }

  async peek(): Promise<ObjectEntry | undefined> {
    while (this.#peeked === undefined) {
      if (this.#at >= this.#page.length) {
        this.#page = await this.#walk.next(pageEntries);
        this.#at = 0;
        if (this.#page.length === 0) return undefined;
      }
      const entry = this.#page[this.#at++];
      if (entry === undefined) return undefined;
      this.#check.onKey(entry);
      try {
        this.#peeked = { ...entry, object: objectPartOf(entry.key) };
      } catch (error) {
        malformed(this.#check.findings, entry.key, error);
      }
    }
    return this.#peeked;
  }

  async next(): Promise<ObjectEntry | undefined> {
    const entry = await this.peek();
    this.#peeked = undefined;
    return entry;
  }

  close(): Promise<void> {
    return this.#walk.close();
  }
}
