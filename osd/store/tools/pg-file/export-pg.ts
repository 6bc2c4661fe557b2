/** Writes one PG of a store that no process has open into a file: objects, values, log. Memory stays bounded. */
import { CairnError, isCairnError } from '../../../../base/errors.js';
import { invariant } from '../../../../base/invariant.js';
import { concatBytes } from '../../../../base/bytes.js';
import { printPgId, type PgId } from '../../../../cluster/ids.js';
import { orderRange } from '../../../../cluster/object-placement.js';
import type { Runtime } from '../../../../runtime/runtime.js';
import { decodeChunk } from '../../format/chunk-value.js';
import type { Extent } from '../../format/extents.js';
import {
  objectRange,
  pgPart,
  pgValueKey,
  prefixRange,
  sharedKey,
  suffixOf,
  objectPartOf,
  type KeyRange,
} from '../../format/index-key.js';
import { decodeObjectHead, isInline, type ObjectHead } from '../../format/object-head.js';
import { decodeOmapValue } from '../../format/omap-value.js';
import { decodeSharedPayload } from '../../format/shared-payload.js';
import { IndexWalk, type IndexEntry } from '../../index/walk.js';
import { chunkBytes } from '../../limits.js';
import { orderPrefix, parseObjectKey, readU32, showObject, type ObjectId } from '../../object-id.js';
import { encodeLogEntry } from '../../pg/log-entry.js';
import { decodePgNum, pgNumKey } from '../../pg/pg-num.js';
import { isShadowPool, parkedAttribute, placeOfObject, shadowPg, showPg } from '../../parked/parked-place.js';
import { readPgLog } from '../../pg/read-log.js';
import { openOffline, type OfflineStore } from '../offline-store.js';
import { FrameWriter } from './frame-writer.js';
import { noPgFileCounts, pieceBytesMax, type PgFileCounts, type PgFileRecord } from './pg-file-record.js';
import { importMarkKey } from './import-mark.js';

export interface ExportOptions {
  readonly pg: PgId;
  /** Of the pool: which objects are the PG's, only that tells. */
  readonly pgNum: number;
  /** Leaves out objects whose bytes are damaged, instead of failing. */
  readonly skipDamaged?: boolean;
  /** Told how many objects of the PG are parked: those stay, as `shadowPg` has them. */
  readonly onParked?: (objects: number) => void;
  readonly onSkipped?: (object: ObjectId, error: CairnError) => void;
  readonly onBytes?: (bytes: number) => void;
}

/**
 * The file is there as a whole, durably, or not at all. `NOT_FOUND` when the store has nothing of the PG, `EXISTS` when the
 * file is there, `CORRUPT` for damage, and the errors of opening a store.
 */
export async function exportPg(
  runtime: Runtime,
  directory: string,
  path: string,
  options: ExportOptions,
): Promise<PgFileCounts> {
  await refuseExisting(runtime, path);
  const store = await openOffline(runtime, directory);
  try {
    return await writeFile(runtime, path, (writer) => new PgExport(store, writer, options).run());
  } finally {
    await store.close();
  }
}

async function refuseExisting({ disk }: Runtime, path: string): Promise<void> {
  try {
    await disk.stat(path);
  } catch (error) {
    if (isCairnError(error, 'NOT_FOUND')) return;
    throw error;
  }
  throw new CairnError('EXISTS', `${path} exists; name another file, it may hold another PG`);
}

async function writeFile(
  { disk }: Runtime,
  path: string,
  write: (writer: FrameWriter) => Promise<PgFileCounts>,
): Promise<PgFileCounts> {
  const partial = `${path}.partial`;
  const file = await disk.open(partial, { mode: 'create' });
  try {
    let counts: PgFileCounts;
    try {
      await file.truncate(0);
      const writer = new FrameWriter(file);
      counts = await write(writer);
      await writer.finish();
    } finally {
      await file.close();
    }
    await disk.rename(partial, path);
    await disk.syncDirectory(path.slice(0, Math.max(1, path.lastIndexOf('/'))));
    return counts;
  } catch (error) {
    // Best effort: what went wrong first is what the caller must hear.
    await disk.removeFile(partial).catch(() => undefined);
    throw error;
  }
}

class PgExport {
  readonly #store: OfflineStore;
  readonly #writer: FrameWriter;
  readonly #options: ExportOptions;
  readonly #counts = noPgFileCounts();

  constructor(store: OfflineStore, writer: FrameWriter, options: ExportOptions) {
    this.#store = store;
    this.#writer = writer;
    this.#options = options;
  }

  async run(): Promise<PgFileCounts> {
    const { pg, pgNum } = this.#options;
    const state = this.#store.state.pgs.get(pg);
    if (state === undefined) {
      throw new CairnError('NOT_FOUND', `the store has nothing of ${showPg(pg)}; cairn osd dump-store lists its PGs`);
    }
    await this.#checkPgNum();
    const { uuid, osd, fsid } = this.#store.superblock;
    const { trimmedTo, lastSeq, lastTerm } = state;
    await this.#add({ kind: 'begin', pg, pgNum, osd, storeUuid: uuid, fsid, trimmedTo, lastSeq, lastTerm });
    await this.#log();
    await this.#values();
    const { from, to } = orderRange(pg.pg, pgNum);
    const range = { gte: `o${orderPrefix(pg.pool, from)}`, lt: `o${orderPrefix(pg.pool, to)}` };
    for await (const { key, value } of this.#walk(range)) {
      await this.#object(parseObjectKey(objectPartOf(key)), decodeObjectHead(value));
    }
    await this.#add({ kind: 'end', ...this.#counts });
    await this.#tellParked();
    return this.#counts;
  }

  /** With another one the file would lack objects, or have those of other PGs. */
  async #checkPgNum(): Promise<void> {
    const { pg, pgNum } = this.#options;
    const stored = await this.#store.state.index.get(pgValueKey(pg, pgNumKey));
    const own = stored === undefined ? pgNum : decodePgNum(stored);
    if (own === pgNum) return;
    throw new CairnError(
      'INVALID_ARGUMENT',
      `PG ${printPgId(pg)} of this store is one of a pool of ${own} PGs, not ${pgNum}; export it with --pg-num ${own}`,
    );
  }

  async #tellParked(): Promise<void> {
    const { pg, onParked } = this.#options;
    if (onParked === undefined || isShadowPool(pg.pool)) return;
    const shadow = shadowPg(pg.pool);
    let parked = 0;
    const range = { gte: `o${orderPrefix(shadow.pool, 0)}`, lt: `o${orderPrefix(shadow.pool, 2 ** 32)}` };
    for await (const { key, value } of this.#walk(range)) {
      const place = placeOfObject(pg.pool, parseObjectKey(objectPartOf(key)).name.name);
      if (place?.pg.pg === pg.pg && decodeObjectHead(value).attributes.has(parkedAttribute)) parked += 1;
    }
    if (parked > 0) onParked(parked);
  }

  async #values(): Promise<void> {
    const prefix = `p${pgPart(this.#options.pg)}`;
    for await (const { key, value } of this.#walk(prefixRange(prefix))) {
      const name = key.slice(prefix.length);
      if (name === importMarkKey) {
        throw new CairnError(
          'CONFLICT',
          `the import of PG ${printPgId(this.#options.pg)} was cut short; import it again first`,
        );
      }
      await this.#add({ kind: 'value', key: name, value });
      this.#counts.values += 1;
    }
  }

  async #log(): Promise<void> {
    let after = 0;
    for (;;) {
      const { entries } = await readPgLog(this.#store.state, this.#options.pg, after);
      if (entries.length === 0) return;
      for (const entry of entries) {
        await this.#add({ kind: 'entry', bytes: encodeLogEntry(entry) });
        this.#counts.entries += 1;
        after = entry.seq;
      }
    }
  }

  async #object(object: ObjectId, head: ObjectHead): Promise<void> {
    if (this.#options.skipDamaged === true && !(await this.#isSound(object, head))) return;
    const { size, version, attributes } = head;
    await this.#add({ kind: 'object', object, size, version, attributes });
    this.#counts.objects += 1;
    for await (const piece of this.#pieces(object, head)) {
      await this.#add({ kind: 'data', ...piece });
      this.#counts.dataBytes += piece.bytes.byteLength;
    }
    if (head.hasOmap) await this.#omap(object);
    if (!head.hasMarks) return;
    for await (const { key, value } of this.#walk(objectRange('w', object))) {
      await this.#add({ kind: 'mark', mark: suffixOf(key), value });
      this.#counts.marks += 1;
    }
  }

  async #omap(object: ObjectId): Promise<void> {
    for await (const { key: whole, value } of this.#walk(objectRange('m', object))) {
      const key = suffixOf(whole);
      const { head, bodies } = decodeOmapValue(value);
      await this.#add({ kind: 'omap', key, head, slots: bodies.map(({ slot }) => slot) });
      this.#counts.omapKeys += 1;
      for (const { slot, payload } of bodies) {
        if (payload === undefined) continue;
        const bytes = await this.#store.objects.omapBody(object, key, slot);
        await this.#add({ kind: 'body', slot, bytes: bytes ?? new Uint8Array(0) });
        this.#counts.bodies += 1;
      }
    }
  }

  /** Reads all of it once: an object goes into the file whole or not at all. */
  async #isSound(object: ObjectId, head: ObjectHead): Promise<boolean> {
    try {
      for await (const piece of this.#pieces(object, head)) void piece;
      for await (const { key, value } of this.#walk(objectRange('m', object))) {
        for (const { slot } of decodeOmapValue(value).bodies) {
          await this.#store.objects.omapBody(object, suffixOf(key), slot);
        }
      }
      return true;
    } catch (error) {
      if (!isCairnError(error) || !['CORRUPT', 'IO_ERROR', 'PARSE_ERROR'].includes(error.code)) throw error;
      this.#counts.skipped += 1;
      this.#options.onSkipped?.(object, error);
      return false;
    }
  }

  /** What was written of the object; holes are left out. */
  async *#pieces(
    object: ObjectId,
    head: ObjectHead,
  ): AsyncGenerator<{ offset: number; blockShift: number; bytes: Uint8Array }> {
    for await (const { base, extents } of this.#extents(object, head)) {
      for (const extent of extents) {
        const offset = base + extent.at;
        const blockShift = await this.#blockShift(object, extent);
        const bytes = concatBytes(await this.#store.objects.read(object, offset, extent.bytes));
        this.#options.onBytes?.(bytes.byteLength);
        yield { offset, blockShift, bytes };
      }
    }
  }

  async *#extents(object: ObjectId, head: ObjectHead): AsyncGenerator<{ base: number; extents: readonly Extent[] }> {
    if (isInline(head.size)) {
      yield { base: 0, extents: head.extents };
      return;
    }
    for await (const { key, value } of this.#walk(objectRange('e', object))) {
      yield { base: readU32(suffixOf(key), 0) * chunkBytes, extents: decodeChunk(value) };
    }
  }

  async #blockShift(object: ObjectId, { source }: Extent): Promise<number> {
    if (source.kind === 'own') return source.payload.blockShift;
    const stored = await this.#store.state.index.get(sharedKey(source.id));
    if (stored !== undefined) return decodeSharedPayload(stored).payload.blockShift;
    throw new CairnError('CORRUPT', `${showObject(object)}: the index lacks a shared payload; run cairn osd fsck`);
  }

  async *#walk(range: KeyRange): AsyncGenerator<IndexEntry> {
    const walk = new IndexWalk(this.#store.state.index, range);
    try {
      for (let page = await walk.next(256); page.length > 0; page = await walk.next(256)) yield* page;
    } finally {
      await walk.close();
    }
  }

  async #add(record: PgFileRecord): Promise<void> {
    await this.#writer.add(record);
  }
}

invariant(chunkBytes <= pieceBytesMax, 'an extent, which lies in one chunk, is one piece');
