/**
 * When the index is gone: what the segments alone still tell, in a new store in another directory. Nothing of the old
 * one is changed.
 *
 *     segment headers ──► batches, by number ──► an index of them, with holes where batches are gone ──► new store
 *
 * What the log cannot tell any more once its segments were recycled: attributes, heads of omap values and values of PGs
 * that were set there; and that something was removed, truncated or overwritten with zeros there, so that what was removed
 * may be back. Bytes of objects are never in a recycled segment; but whose the bytes are that a clone shared, only the batches of object
 * and clone tell. PG logs are not carried over: the new store has a uuid of its own and counts as new.
 *
 * So an object may lack what nobody knows of. Unless no batch is missing, and all of the object verified, its version is one that no
 * other copy has: members that have it whole copy it anew when the store joins them. And each PG says that its copy may lack something, for
 * whoever has to go on with it (`cairn pg accept-loss`).
 */
import { CairnError, isCairnError } from '../../../../base/errors.js';
import type { Runtime } from '../../../../runtime/runtime.js';
import { decodeSegmentHeader, type SegmentHeader } from '../../format/segment-header.js';
import { storeSeed, type Superblock } from '../../format/superblock.js';
import { pageBytes } from '../../limits.js';
import { SegmentFiles, segmentsDirectory } from '../../log/segment-files.js';
import { mkfs } from '../../mkfs.js';
import { openStore, readSuperblock } from '../../open-store.js';
import { PayloadReader } from '../../read/payload-reader.js';
import { nothingPending } from '../offline-store.js';
import { ObjectCopier, type SalvagedObject } from './copy-objects.js';
import { rebuildIndex } from './rebuild-index.js';
import { scanLog, type LogScan } from './scan-log.js';

export interface SalvageOptions {
  /** Default: as large as the old store. */
  readonly capacityBytes?: number;
  /** Default: the old store's. */
  readonly osd?: number;
  readonly onObject?: (object: SalvagedObject) => void;
  readonly onProgress?: (bytes: number, bytesTotal: number) => void;
}

export interface SalvageResult {
  readonly superblock: Superblock;
  readonly scan: Pick<LogScan, 'holes' | 'missing' | 'unreadable'>;
  readonly batches: number;
  readonly lastBatch: number;
  readonly objects: number;
  /** Objects of which bytes are known and lost. */
  readonly damagedObjects: number;
  readonly bytesFound: number;
  readonly bytesDamaged: number;
  readonly bodiesDamaged: number;
  readonly omapKeys: number;
  readonly refusedRecords: number;
  readonly placedMoves: number;
  /** Appends to objects whose size before them may have been another. */
  readonly appendsUnsure: number;
}

/**
 * `EXISTS` when `to` holds a store; `NOT_FOUND` when `from` has no segment of a store. The old store must not be open:
 * it is not written to, but what is read of it would not fit together.
 */
export async function salvage(
  runtime: Runtime,
  from: string,
  to: string,
  options: SalvageOptions = {},
): Promise<SalvageResult> {
  if (from === to) throw new CairnError('INVALID_ARGUMENT', 'salvage writes to another directory: name one with --to');
  const old = await oldSuperblock(runtime, from);
  const superblock = await mkfs(runtime, to, {
    osd: options.osd ?? old.osd,
    fsid: old.fsid,
    capacityBytes: options.capacityBytes ?? old.capacityBytes,
    segmentBytes: old.segmentBytes,
  });
  const files = new SegmentFiles(runtime, from, old);
  const indexPath = `${to}/salvage-index`;
  const kv = await runtime.kv.open(indexPath);
  try {
    const store = await openStore(runtime, to);
    try {
      const total = await totalBytes(runtime, files);
      let done = 0;
      const onBytes = (bytes: number): void => {
        done += bytes;
        options.onProgress?.(Math.min(done, 3 * total), 3 * total);
      };
      const read = { storeSeed: storeSeed(old), segmentBytes: old.segmentBytes };
      const scan = await scanLog(files, read, onBytes);
      const firstMissing = scan.holes[0]?.from;
      const rebuilt = await rebuildIndex(runtime, kv, files, scan.batches, {
        ...read,
        segments: old.segments,
        firstMissing,
        onBytes,
      });
      const reader = new PayloadReader(files, nothingPending, storeSeed(old));
      const sums = { objects: 0, damagedObjects: 0, bytesFound: 0, bytesDamaged: 0, bodiesDamaged: 0, omapKeys: 0 };
      const isLogWhole = scan.missing === 0 && scan.unreadable.length === 0 && rebuilt.refused === 0;
      const doubtfulVersion = { term: 0, seq: new DataView(runtime.random.bytes(8).buffer).getUint32(0) + 1 };
      await new ObjectCopier(rebuilt, reader, store, { isLogWhole, doubtfulVersion }).run((object) => {
        sums.objects += 1;
        sums.damagedObjects += object.bytesDamaged > 0 || object.bodiesDamaged > 0 ? 1 : 0;
        sums.bytesFound += object.bytesFound;
        sums.bytesDamaged += object.bytesDamaged;
        sums.bodiesDamaged += object.bodiesDamaged;
        sums.omapKeys += object.omapKeys;
        onBytes(object.bytesFound);
        options.onObject?.(object);
      });
      return {
        superblock,
        scan,
        batches: scan.batches.length,
        lastBatch: scan.batches.at(-1)?.number ?? 0,
        ...sums,
        refusedRecords: rebuilt.refused,
        placedMoves: rebuilt.placedMoves,
        appendsUnsure: rebuilt.appendsUnsure,
      };
    } finally {
      await store.close();
    }
  } finally {
    await files.close();
    await kv.close();
    await runtime.disk.removeTree(indexPath);
  }
}

/** Without one that can be read, what the headers of the segments say. */
async function oldSuperblock(runtime: Runtime, directory: string): Promise<Superblock> {
  try {
    return await readSuperblock(runtime, directory);
  } catch (error) {
    if (!isCairnError(error, 'CORRUPT') && !isCairnError(error, 'NOT_FOUND')) throw error;
  }
  const headers = await segmentHeaders(runtime, directory);
  const [first] = headers;
  if (first === undefined) {
    throw new CairnError(
      'NOT_FOUND',
      `${directory} holds neither a superblock nor a segment of a store; check the path`,
    );
  }
  const { uuid, segmentBytes } = first;
  const segments = Math.max(...headers.map(({ segment }) => segment)) + 1;
  // The index had a tenth of the capacity, and mkfs needs room for a few segments.
  const capacityBytes = Math.ceil(((segments + 8) * segmentBytes) / 0.9);
  return { uuid, fsid: '', osd: 0, capacityBytes, segmentBytes, segments, requiredFeatures: [], renewals: [] };
}

async function segmentHeaders({ disk }: Runtime, directory: string): Promise<SegmentHeader[]> {
  const headers: SegmentHeader[] = [];
  try {
    for (const name of await disk.list(`${directory}/${segmentsDirectory}`)) {
      const file = await disk.open(`${directory}/${segmentsDirectory}/${name}`, { mode: 'read' });
      try {
        const page = new Uint8Array(pageBytes);
        const header = decodeSegmentHeader(page.subarray(0, await file.read(page, 0)));
        if (header !== undefined) headers.push(header);
      } finally {
        await file.close();
      }
    }
  } catch (error) {
    if (!isCairnError(error, 'NOT_FOUND')) throw error;
  }
  return headers;
}

async function totalBytes(runtime: Runtime, files: SegmentFiles): Promise<number> {
  let total = 0;
  for (const segment of await files.list()) total += (await runtime.disk.stat(files.path(segment))).bytes;
  return Math.max(1, total);
}
