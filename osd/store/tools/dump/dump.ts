/**
 * Looks into a store that no process has open: plain facts as JSON has them (bytes in hex, numbers of 64 bits as text), for
 * people and programs. Nothing is written.
 */
import { hexText } from '../../../../base/bytes.js';
import { CairnError } from '../../../../base/errors.js';
import { printPgId, type PgId } from '../../../../cluster/ids.js';
import type { LogHeads } from '../../format/batch-header.js';
import { decodeChunk } from '../../format/chunk-value.js';
import type { Extent } from '../../format/extents.js';
import { headKey, objectRange, sharedKey, suffixOf } from '../../format/index-key.js';
import { decodeObjectHead, isInline } from '../../format/object-head.js';
import { decodeOmapValue } from '../../format/omap-value.js';
import { decodeSharedPayload } from '../../format/shared-payload.js';
import { showUuid, storeSeed } from '../../format/superblock.js';
import { IndexWalk } from '../../index/walk.js';
import { chunkBytes } from '../../limits.js';
import type { BatchFrame } from '../../log/batch-reader.js';
import { orderPrefix, parseObjectKey, readU32, showObject, type ObjectId } from '../../object-id.js';
import { decodeParkedObject } from '../../parked/parked-object.js';
import {
  isShadowPool,
  parkedAttribute,
  parkedObjectId,
  placeOfObject,
  poolOfShadow,
} from '../../parked/parked-place.js';
import { readPgLog } from '../../pg/read-log.js';
import { openOffline, type OfflineStore } from '../offline-store.js';
import { readBatches } from '../../log/segment-batches.js';
import type { Runtime } from '../../../../runtime/runtime.js';
import { plain, type Plain } from './plain.js';

export type DumpRequest =
  | { readonly kind: 'store' }
  | { readonly kind: 'segments' }
  /** Its batches with their records. */
  | { readonly kind: 'segment'; readonly segment: number }
  | { readonly kind: 'pgs' }
  /** Writes that failovers of async pools cut off. */
  | { readonly kind: 'parked' }
  | { readonly kind: 'log'; readonly pg: PgId }
  | { readonly kind: 'object'; readonly object: ObjectId };

/** One fact after the other, so that memory stays bounded whatever is asked for. Errors as those of opening a store. */
export async function* dump(runtime: Runtime, directory: string, request: DumpRequest): AsyncGenerator<Plain> {
  const store = await openOffline(runtime, directory);
  try {
    switch (request.kind) {
      case 'store':
        yield storeFacts(store);
        return;
      case 'segments':
        yield* segmentFacts(store);
        return;
      case 'segment':
        yield* batchFacts(store, request.segment);
        return;
      case 'pgs':
        yield* pgFacts(store);
        return;
      case 'parked':
        yield* parkedFacts(store);
        return;
      case 'log':
        yield* logFacts(store, request.pg);
        return;
      case 'object':
        yield* objectFacts(store, request.object);
        return;
    }
  } finally {
    await store.close();
  }
}

function storeFacts({ superblock, checkpoint, position, state }: OfflineStore): Plain {
  const { uuid, fsid, osd, capacityBytes, segmentBytes, segments } = superblock;
  return plain({
    superblock: { uuid: showUuid(uuid), fsid, osd, capacityBytes, segmentBytes, segments },
    checkpoint: { ...checkpoint, heads: headFacts(checkpoint.heads) },
    log: { lastBatch: position.number, checksum: position.checksum, heads: headFacts(position.heads) },
    boot: state.counters.boot,
    nextShared: state.counters.nextShared,
    liveBytes: state.segments.liveBytes,
    pgs: state.pgs.all().length,
  });
}

/** `segment/generation@offset`. */
function headFacts(heads: LogHeads): Record<string, string | undefined> {
  const entries = Object.entries(heads) as [string, LogHeads['hot']][];
  return Object.fromEntries(
    entries.map(([name, place]) => {
      return [name, place === undefined ? undefined : `${place.segment}/${place.generation}@${place.offset}`];
    }),
  );
}

function* segmentFacts({ superblock, state }: OfflineStore): Generator<Plain> {
  for (let segment = 0; segment < superblock.segments; segment++) {
    const info = state.segments.info(segment);
    if (info.state !== 'unused') yield plain({ segment, ...info });
  }
}

async function* batchFacts({ superblock, state, files }: OfflineStore, segment: number): AsyncGenerator<Plain> {
  if (segment >= superblock.segments) {
    throw new CairnError('NOT_FOUND', `the store has segments 0 to ${superblock.segments - 1}, and no ${segment}`);
  }
  const header = await files.readHeader(segment);
  if (header === undefined)
    throw new CairnError('NOT_FOUND', `${files.path(segment)} has no header: it was never used`);
  yield plain({ header: { ...header, uuid: showUuid(header.uuid) }, info: state.segments.info(segment) });
  const options = { storeSeed: storeSeed(superblock), segmentBytes: superblock.segmentBytes };
  const life = { segment, generation: header.generation };
  const end = Math.max(state.segments.info(segment).usedBytes, 0);
  for await (const item of readBatches(files, life, end > 0 ? { ...options, end } : options)) {
    if (item.kind === 'gap') {
      yield plain({ gap: { offset: item.offset, bytes: item.bytes } });
      continue;
    }
    const { number, bytes, frames, previous, heads } = item.batch.header;
    yield plain({
      batch: number,
      offset: item.offset,
      bytes,
      frames,
      previous,
      checksum: item.batch.checksum,
      heads: headFacts(heads),
      records: item.batch.frames.map(frameFacts),
    });
  }
}

function frameFacts({ record, payloads }: BatchFrame): Plain {
  const places = payloads.map(({ ref, owner }) => [ref.offset, ref.bytes, ref.blockShift, owner]);
  return plain({ record, payloads: places });
}

function* pgFacts({ state }: OfflineStore): Generator<Plain> {
  for (const pg of state.pgs.all()) {
    const { blocks, ...record } = pg.record;
    const { pool } = pg.pg;
    const shadow = isShadowPool(pool) ? { parkedOfPool: poolOfShadow(pool) } : {};
    yield plain({
      pg: printPgId(pg.pg),
      ...shadow,
      ...record,
      logEntries: pg.logEntries,
      logBytes: pg.logBytes,
      blocks,
    });
  }
}

async function* parkedFacts({ state }: OfflineStore): AsyncGenerator<Plain> {
  for (const { pg: shadow } of state.pgs.all()) {
    if (!isShadowPool(shadow.pool)) continue;
    const [gte, lt] = [`o${orderPrefix(shadow.pool, 0)}`, `o${orderPrefix(shadow.pool, 2 ** 32)}`];
    const walk = new IndexWalk(state.index, { gte, lt });
    try {
      for (let page = await walk.next(256); page.length > 0; page = await walk.next(256)) {
        for (const { key, value } of page) {
          const place = placeOfObject(poolOfShadow(shadow.pool), parseObjectKey(key.slice(1)).name.name);
          const told = decodeObjectHead(value).attributes.get(parkedAttribute);
          if (place === undefined || told === undefined) continue;
          const object = parkedObjectId(place, 'object').name.name;
          yield plain({ pg: printPgId(place.pg), version: place.version, object, ...decodeParkedObject(told) });
        }
      }
    } finally {
      await walk.close();
    }
  }
}

async function* logFacts({ state }: OfflineStore, pg: PgId): AsyncGenerator<Plain> {
  if (state.pgs.get(pg) === undefined)
    throw new CairnError('NOT_FOUND', `the store has nothing of PG ${printPgId(pg)}`);
  for (let after = 0; ;) {
    const { entries } = await readPgLog(state, pg, after);
    if (entries.length === 0) return;
    for (const entry of entries) yield plain(entry);
    after = entries.at(-1)?.seq ?? after;
  }
}

async function* objectFacts({ state: { index } }: OfflineStore, object: ObjectId): AsyncGenerator<Plain> {
  const stored = await index.get(headKey(object));
  if (stored === undefined) throw new CairnError('NOT_FOUND', `${showObject(object)} does not exist in this store`);
  const { extents, attributes, ...head } = decodeObjectHead(stored);
  yield plain({ object: showObject(object), key: hexText(Buffer.from(object.key, 'latin1')), ...head, attributes });
  const shared = async (list: readonly Extent[], base: number): Promise<Plain[]> => {
    const facts: Plain[] = [];
    for (const { at, bytes, skip, source } of list) {
      const place = source.kind === 'shared' ? await index.get(sharedKey(source.id)) : undefined;
      const payload = place === undefined ? undefined : decodeSharedPayload(place);
      facts.push(
        plain({ offset: base + at, bytes, skip, ...source, ...(payload === undefined ? {} : { shared: payload }) }),
      );
    }
    return facts;
  };
  if (isInline(head.size)) for (const fact of await shared(extents, 0)) yield plain({ extent: fact });
  for (const [space, factsOf] of [
    [
      'e',
      async (key: string, value: Uint8Array) => {
        const facts = await shared(decodeChunk(value), readU32(suffixOf(key), 0) * chunkBytes);
        return facts.map((extent) => plain({ extent }));
      },
    ],
    ['m', async (key: string, value: Uint8Array) => [plain({ omap: suffixOf(key), ...decodeOmapValue(value) })]],
    ['w', async (key: string, value: Uint8Array) => [plain({ mark: suffixOf(key), value })]],
  ] as const) {
    const walk = new IndexWalk(index, objectRange(space, object));
    try {
      for (let page = await walk.next(256); page.length > 0; page = await walk.next(256)) {
        for (const { key, value } of page) yield* await factsOf(key, value);
      }
    } finally {
      await walk.close();
    }
  }
}
