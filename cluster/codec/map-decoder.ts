/** `decodeMapInSlices`; see `map-codec.ts`. */
import type { ByteReader } from '../../base/byte-reader.js';
import { CairnError, isCairnError } from '../../base/errors.js';
import { wallMs, type WallMs } from '../../base/instants.js';
import type { Steps } from '../../base/steps.js';
import type { CrushMap } from '../../crush/types.js';
import { u32Max } from '../check/facts.js';
import { epoch, type Epoch, type OsdId, type PoolId } from '../ids.js';
import { clusterFlags, type ClusterFlag, type ClusterMap, type Entity, type MonitorInfo } from '../map.js';
import type { OsdInfo } from '../osd.js';
import { emptyPgRecords, pgNumMax } from '../packed-pg-records.js';
import type { PgRecord } from '../pg-record.js';
import type { PgRecords } from '../pg-records.js';
import type { Pool } from '../pool.js';
import type { UpmapItem } from '../upmap.js';
import { validateMapSteps } from '../validate-map.js';
import { readDocument } from './document.js';
import { mapKinds, mapMagic } from './map-format.js';
import { pgRecordBytesMin, readPgRecord } from './pg-record-codec.js';
import { checkReadable, sectionHeaderBytes, type Section } from './section.js';
import {
  list,
  readClusterFlag,
  readCrush,
  readEntity,
  readHex32,
  readMonitor,
  readOsd,
  readPool,
  readPoolId,
  readUpmapItems,
  textBytesMax,
} from './structures.js';

const what = 'the cluster map';

/**
 * Reads a map and validates it, a block of some hundred things a step. `bytes` are lent until the last one. Errors:
 * `CORRUPT` when the checksum fails, or when what passes it is no valid map; `PARSE_ERROR`, which is then a bug of the
 * writer's; `VERSION_MISMATCH` when this program is too old for it.
 */
export function* decodeMapInSlices(bytes: Uint8Array): Steps<ClusterMap> {
  const decoder = new Decoder();
  for (const section of readDocument(bytes, mapMagic, what)) {
    decoder.read(section);
    yield;
  }
  const map = decoder.finish();
  try {
    yield* validateMapSteps(map);
  } catch (error) {
    if (!isCairnError(error)) throw error;
    const message = `${what} of epoch ${map.epoch} contradicts itself: ${error.message}; fetch it from another monitor`;
    throw new CairnError('CORRUPT', message, { cause: error });
  }
  return map;
}

interface Head {
  readonly epoch: Epoch;
  readonly fsid: string;
  readonly createdAt: WallMs;
  readonly changedAt: WallMs;
  readonly requiredFeatures: number;
  readonly storeLast: number;
  readonly poolLast: number;
  readonly memberLast: number;
}

class Decoder {
  #head: Head | undefined;
  #crush: CrushMap | undefined;
  readonly #monitors = new Map<string, MonitorInfo>();
  readonly #osds = new Map<OsdId, OsdInfo>();
  readonly #pools = new Map<PoolId, Pool>();
  readonly #upmaps = new Map<PoolId, Map<number, readonly UpmapItem[]>>();
  readonly #flags = new Set<ClusterFlag>();
  readonly #config = new Map<string, string>();
  readonly #entities = new Map<string, Entity>();
  #records: PgRecords = emptyPgRecords;
  /** How many records of each pool were read: blocks come in order and without a gap. */
  readonly #recordCounts = new Map<PoolId, number>();

  read(section: Section): void {
    const { kind, body } = section;
    const known = kind >= mapKinds.head && kind <= mapKinds.entities ? 1 : 0;
    checkReadable(section, known, `a part (kind ${kind}) of ${what}`);
    switch (kind) {
      case mapKinds.head:
        if (this.#head !== undefined) throw body.error(`${what} has two heads`);
        this.#head = readHead(body);
        return;
      case mapKinds.monitors:
        return this.#block(body, sectionHeaderBytes, () => {
          const monitor = readMonitor(body);
          setOnce(this.#monitors, monitor.name, monitor, body);
        });
      case mapKinds.osds:
        return this.#block(body, sectionHeaderBytes, () => {
          const osd = readOsd(body);
          setOnce(this.#osds, osd.id, osd, body);
        });
      case mapKinds.crush:
        if (this.#crush !== undefined) throw body.error(`${what} has two CRUSH maps`);
        this.#crush = readCrush(body);
        return;
      case mapKinds.pools:
        return this.#block(body, sectionHeaderBytes, () => this.#readPool(body));
      case mapKinds.records:
        return this.#readRecords(body);
      case mapKinds.upmaps:
        return this.#block(body, 3, () => this.#readUpmap(body));
      case mapKinds.flags:
        return this.#block(body, 1, () => this.#flags.add(readClusterFlag(body)));
      case mapKinds.config:
        return this.#block(body, 2, () => {
          const key = body.text('a key', textBytesMax);
          setOnce(this.#config, key, body.text('a value', textBytesMax), body);
        });
      case mapKinds.entities:
        return this.#block(body, sectionHeaderBytes, () => {
          const entity = readEntity(body);
          setOnce(this.#entities, entity.name, entity, body);
        });
      default:
        return;
    }
  }

  finish(): ClusterMap {
    if (this.#head === undefined || this.#crush === undefined) {
      throw new CairnError('PARSE_ERROR', `${what} lacks its head or its CRUSH map; fetch it from another monitor`);
    }
    for (const [id, pool] of this.#pools) {
      const count = this.#recordCounts.get(id) ?? 0;
      if (count === pool.pgNum) continue;
      throw new CairnError('PARSE_ERROR', `${what} has ${count} of the ${pool.pgNum} records of pool ${pool.name}`);
    }
    return {
      ...this.#head,
      monitors: this.#monitors,
      osds: this.#osds,
      crush: this.#crush,
      pools: this.#pools,
      records: this.#records,
      upmaps: this.#upmaps,
      flags: new Set(clusterFlags.filter((flag) => this.#flags.has(flag))),
      config: this.#config,
      entities: this.#entities,
    };
  }

  #block(body: ByteReader, bytesEach: number, read: () => void): void {
    list(body, 'entries', bytesEach, read);
  }

  #readPool(body: ByteReader): void {
    const pool = readPool(body);
    if (pool.pgNum < 1 || pool.pgNum > pgNumMax) throw body.error(`pool ${pool.id} has ${pool.pgNum} PGs`);
    setOnce(this.#pools, pool.id, pool, body);
    this.#records = this.#records.withPool(pool.id, pool.pgNum);
  }

  #readRecords(body: ByteReader): void {
    const id = readPoolId(body);
    const pool = this.#pools.get(id);
    const before = this.#recordCounts.get(id) ?? 0;
    const first = body.varint('a PG', pgNumMax);
    const count = body.count('records', pgRecordBytesMin, pgNumMax);
    if (pool === undefined) throw body.error(`${what} has records of pool ${id}, which it lacks`);
    if (first !== before || first + count > pool.pgNum) throw body.error(`records of pool ${id} are not in order`);
    const records: PgRecord[] = [];
    for (let i = 0; i < count; i += 1) records.push(readPgRecord(body));
    const pgs = Uint32Array.from({ length: count }, (_, i) => first + i);
    this.#records = this.#records.with(id, pgs, records);
    this.#recordCounts.set(id, first + count);
  }

  #readUpmap(body: ByteReader): void {
    const pool = readPoolId(body);
    const pg = body.varint('a PG', pgNumMax - 1);
    let ofPool = this.#upmaps.get(pool);
    if (ofPool === undefined) {
      ofPool = new Map<number, readonly UpmapItem[]>();
      setOnce(this.#upmaps, pool, ofPool, body);
    }
    setOnce(ofPool, pg, readUpmapItems(body), body);
  }
}

function readHead(body: ByteReader): Head {
  return {
    epoch: epoch(body.varint('an epoch')),
    fsid: readHex32(body, 'an fsid'),
    createdAt: wallMs(body.f64('a time')),
    changedAt: wallMs(body.f64('a time')),
    requiredFeatures: body.varint('features'),
    storeLast: body.varint('a store number', u32Max),
    poolLast: body.varint('a pool number', 2 ** 31 - 1),
    memberLast: body.varint('a member number', u32Max),
  };
}

/** That they come by ascending key is for the validation to see. */
function setOnce<K extends number | string, V>(map: Map<K, V>, key: K, value: V, body: ByteReader): void {
  if (map.has(key)) throw body.error(`${what} has the entry ${key} twice`);
  map.set(key, value);
}
