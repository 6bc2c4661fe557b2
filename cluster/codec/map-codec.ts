/**
 * The full map as a document of sections, large collections in blocks of some hundred. All by ascending key: equal maps
 * have equal bytes, whatever way they came about, so monitors can compare checksums.
 */
import { ByteWriter } from '../../base/byte-writer.js';
import { concatBytes } from '../../base/bytes.js';
import { invariant } from '../../base/invariant.js';
import { Xxh64Stream } from '../../base/xxh64.js';
import { runSteps, type Steps } from '../../base/steps.js';
import { encodeCrushBinary } from '../../crush/binary-codec.js';
import type { ClusterMap } from '../map.js';
import type { Pool } from '../pool.js';
import { sortedMap } from '../sorted-draft.js';
import { writeDocumentEnd, writeDocumentHead } from './document.js';
import { decodeMapInSlices } from './map-decoder.js';
import { entriesPerBlock, mapKinds, mapMagic, recordsPerBlock } from './map-format.js';
import { writePgRecord } from './pg-record-codec.js';
import { version1, writeSection } from './section.js';
import {
  writeClusterFlag,
  writeEntity,
  writeHex32,
  writeMonitor,
  writeOsd,
  writePool,
  writeUpmapItems,
} from './structures.js';

export { decodeMapInSlices } from './map-decoder.js';

/** Pieces are about this large: enough not to be wasteful to store or send. */
const pieceBytes = 32 * 1024;

export function encodeMap(map: ClusterMap): Uint8Array {
  return concatBytes([...encodeMapInSlices(map)]);
}

/** Validated. Errors as of `decodeMapInSlices`. */
export function decodeMap(bytes: Uint8Array): ClusterMap {
  return runSteps(decodeMapInSlices(bytes));
}

/** The document in pieces, which are the caller's; each costs about a millisecond. */
export function* encodeMapInSlices(map: ClusterMap): Generator<Uint8Array, void, void> {
  const out = new ByteWriter(2 * pieceBytes);
  const hash = new Xxh64Stream();
  writeDocumentHead(out, mapMagic);
  for (const _ of writeSections(out, map)) {
    if (out.length < pieceBytes) continue;
    const piece = out.bytes();
    hash.update(piece);
    out.clear();
    yield piece;
  }
  writeDocumentEnd(out, hash);
  yield out.bytes();
}

function* writeSections(out: ByteWriter, map: ClusterMap): Steps<void> {
  writeSection(out, { kind: mapKinds.head, ...version1 }, () => {
    out.varint(map.epoch);
    writeHex32(out, map.fsid);
    out.f64(map.createdAt);
    out.f64(map.changedAt);
    out.varint(map.requiredFeatures);
    out.varint(map.storeLast);
    out.varint(map.poolLast);
    out.varint(map.memberLast);
  });
  yield* writeBlocks(out, mapKinds.monitors, sortedValues(map.monitors), (monitor) => writeMonitor(out, monitor));
  yield* writeBlocks(out, mapKinds.osds, sortedValues(map.osds), (osd) => writeOsd(out, osd));
  writeSection(out, { kind: mapKinds.crush, ...version1 }, () => out.blob(encodeCrushBinary(map.crush)));
  yield;
  const pools = sortedValues(map.pools);
  yield* writeBlocks(out, mapKinds.pools, pools, (pool) => writePool(out, pool));
  for (const pool of pools) yield* writeRecords(out, map, pool);
  const upmaps = pools.flatMap(({ id }) => {
    return [...sortedMap(map.upmaps.get(id) ?? new Map())].map(([pg, items]) => ({ pool: id, pg, items }));
  });
  yield* writeBlocks(out, mapKinds.upmaps, upmaps, ({ pool, pg, items }) => {
    out.varint(pool);
    out.varint(pg);
    writeUpmapItems(out, items);
  });
  yield* writeBlocks(out, mapKinds.flags, [...map.flags], (flag) => writeClusterFlag(out, flag));
  yield* writeBlocks(out, mapKinds.config, [...sortedMap(map.config)], ([key, value]) => {
    out.text(key);
    out.text(value);
  });
  yield* writeBlocks(out, mapKinds.entities, sortedValues(map.entities), (entity) => writeEntity(out, entity));
}

/** A count and so many values a section; none for an empty collection. */
function* writeBlocks<T>(out: ByteWriter, kind: number, values: readonly T[], write: (value: T) => void): Steps<void> {
  for (let start = 0; start < values.length; start += entriesPerBlock) {
    const block = values.slice(start, start + entriesPerBlock);
    writeSection(out, { kind, ...version1 }, () => {
      out.varint(block.length);
      for (const value of block) write(value);
    });
    yield;
  }
}

/** The pool, the first PG, a count, so many records. */
function* writeRecords(out: ByteWriter, map: ClusterMap, pool: Pool): Steps<void> {
  for (let first = 0; first < pool.pgNum; first += recordsPerBlock) {
    const count = Math.min(recordsPerBlock, pool.pgNum - first);
    writeSection(out, { kind: mapKinds.records, ...version1 }, () => {
      out.varint(pool.id);
      out.varint(first);
      out.varint(count);
      for (let pg = first; pg < first + count; pg += 1) {
        const record = map.records.get({ pool: pool.id, pg });
        invariant(record !== undefined, 'every PG has a record', { pool: pool.id, pg });
        writePgRecord(out, record);
      }
    });
    yield;
  }
}

function sortedValues<K extends number | string, V>(map: ReadonlyMap<K, V>): V[] {
  return [...sortedMap(map).values()];
}
