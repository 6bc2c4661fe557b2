/**
 * An incremental as a document: a head, then one section per change, in order. A change of a kind unknown here is
 * skipped when its writer allowed that (compat 0), else refused; see section.ts.
 */
import type { ByteReader } from '../../base/byte-reader.js';
import { ByteWriter } from '../../base/byte-writer.js';
import { CairnError } from '../../base/errors.js';
import { invariant, unreachable } from '../../base/invariant.js';
import { wallMs } from '../../base/instants.js';
import { runSteps, type Steps } from '../../base/steps.js';
import { encodeCrushBinary } from '../../crush/binary-codec.js';
import type { Incremental, MapChange } from '../change.js';
import { pgNumMax } from '../packed-pg-records.js';
import { epoch, osdId, osdIdMax } from '../ids.js';
import type { PgRecord } from '../pg-record.js';
import { readDocument, writeDocumentEnd, writeDocumentHead } from './document.js';
import { pgRecordBytesMin, readPgRecord, writePgRecord } from './pg-record-codec.js';
import { beginSection, checkReadable, endSection, version1, writeSection, type Section } from './section.js';
import {
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
  writeClusterFlag,
  writeEntity,
  writeHex32,
  writeMonitor,
  writeOsd,
  writePool,
  writeUpmapItems,
} from './structures.js';

const magic = 'CINC';
const what = 'an incremental of the cluster map';
/** Written or read between two steps: about a millisecond. */
const recordsPerStep = 2048;
const changesPerStep = 256;

/** Numbers in the format: never changed, never reused. */
const kinds = {
  head: 1,
  monitor: 2,
  'monitor-removed': 3,
  osd: 4,
  'osd-removed': 5,
  crush: 6,
  pool: 7,
  'pool-removed': 8,
  records: 9,
  upmap: 10,
  flag: 11,
  config: 12,
  entity: 13,
  'entity-removed': 14,
  'required-features': 15,
  numbers: 16,
} as const satisfies Record<MapChange['kind'] | 'head', number>;

/** Throws `INVALID_ARGUMENT` for a CRUSH map that its format cannot hold; otherwise what is not valid is a bug. */
export function encodeIncremental(incremental: Incremental): Uint8Array {
  return runSteps(encodeIncrementalInSlices(incremental));
}

/** `CORRUPT` when the checksum fails, `PARSE_ERROR`, `VERSION_MISMATCH`. Whether it fits a map is not asked here. */
export function decodeIncremental(bytes: Uint8Array): Incremental {
  return runSteps(decodeIncrementalInSlices(bytes));
}

/** As `encodeIncremental`; the value must not change meanwhile. */
export function* encodeIncrementalInSlices(incremental: Incremental): Steps<Uint8Array> {
  const out = new ByteWriter(1024);
  writeDocumentHead(out, magic);
  writeSection(out, { kind: kinds.head, ...version1 }, () => {
    out.varint(incremental.epoch);
    writeHex32(out, incremental.fsid);
    out.f64(incremental.changedAt);
  });
  let sinceStep = 0;
  for (const change of incremental.changes) {
    const start = beginSection(out, { kind: kinds[change.kind], ...version1 });
    yield* writeChange(out, change);
    endSection(out, start);
    sinceStep += 1;
    if (sinceStep < changesPerStep) continue;
    sinceStep = 0;
    yield;
  }
  writeDocumentEnd(out);
  return out.bytes();
}

/** As `decodeIncremental`; `bytes` are lent until the last step. */
export function* decodeIncrementalInSlices(bytes: Uint8Array): Steps<Incremental> {
  let head: Omit<Incremental, 'changes'> | undefined;
  const changes: MapChange[] = [];
  let sinceStep = 0;
  for (const section of readDocument(bytes, magic, what)) {
    const { kind, body } = section;
    if (head === undefined) {
      if (kind !== kinds.head) throw body.error(`expected the head of ${what}, found kind ${kind}`);
      checkReadable(section, 1, what);
      head = {
        epoch: epoch(body.varint('an epoch')),
        fsid: readHex32(body, 'an fsid'),
        changedAt: wallMs(body.f64('a time')),
      };
      continue;
    }
    const change = yield* readChange(section);
    if (change !== undefined) changes.push(change);
    sinceStep += 1;
    if (sinceStep < changesPerStep) continue;
    sinceStep = 0;
    yield;
  }
  if (head === undefined) throw new CairnError('PARSE_ERROR', `${what} lacks its head; fetch it again`);
  const { epoch: ownEpoch, fsid, changedAt } = head;
  return { epoch: ownEpoch, fsid, changedAt, changes };
}

function* writeChange(out: ByteWriter, change: MapChange): Steps<void> {
  switch (change.kind) {
    case 'monitor':
      return writeMonitor(out, change.monitor);
    case 'monitor-removed':
    case 'entity-removed':
      return out.text(change.name);
    case 'osd':
      return writeOsd(out, change.osd);
    case 'osd-removed':
    case 'pool-removed':
      return out.varint(change.id);
    case 'crush':
      return out.blob(encodeCrushBinary(change.crush));
    case 'pool':
      return writePool(out, change.pool);
    case 'records':
      return yield* writeRecords(out, change);
    case 'upmap':
      out.varint(change.pg.pool);
      out.varint(change.pg.pg);
      return writeUpmapItems(out, change.items);
    case 'flag':
      writeClusterFlag(out, change.flag);
      return out.bool(change.isSet);
    case 'config':
      out.text(change.key);
      out.bool(change.value !== undefined);
      return out.text(change.value ?? '');
    case 'entity':
      return writeEntity(out, change.entity);
    case 'required-features':
      return out.varint(change.features);
    case 'numbers':
      out.varint(change.storeLast);
      out.varint(change.poolLast);
      return out.varint(change.memberLast);
    default:
      return unreachable(change);
  }
}

/** The numbers of PGs as distances, which fit one byte when many change. */
function* writeRecords(out: ByteWriter, change: MapChange & { readonly kind: 'records' }): Steps<void> {
  const { pool, pgs, records } = change;
  invariant(pgs.length === records.length, 'each PG has its record');
  out.varint(pool);
  out.varint(records.length);
  let next = 0;
  for (let i = 0; i < records.length; i += 1) {
    const pg = pgs[i]!;
    invariant(pg >= next, 'PGs are in ascending order');
    out.varint(pg - next);
    next = pg + 1;
    writePgRecord(out, records[i]!);
    if (i % recordsPerStep === recordsPerStep - 1) yield;
  }
}

/** `undefined` for a change that this version may leave out. */
function* readChange(section: Section): Steps<MapChange | undefined> {
  const { kind, body } = section;
  const known = kind > kinds.head && kind <= kinds.numbers ? 1 : 0;
  checkReadable(section, known, `a change (kind ${kind}) in ${what}`);
  switch (kind) {
    case kinds.monitor:
      return { kind: 'monitor', monitor: readMonitor(body) };
    case kinds['monitor-removed']:
      return { kind: 'monitor-removed', name: body.text('a name', textBytesMax) };
    case kinds.osd:
      return { kind: 'osd', osd: readOsd(body) };
    case kinds['osd-removed']:
      return { kind: 'osd-removed', id: osdId(body.varint('an OSD id', osdIdMax)) };
    case kinds.crush:
      return { kind: 'crush', crush: readCrush(body) };
    case kinds.pool:
      return { kind: 'pool', pool: readPool(body) };
    case kinds['pool-removed']:
      return { kind: 'pool-removed', id: readPoolId(body) };
    case kinds.records:
      return yield* readRecords(body);
    case kinds.upmap: {
      const pg = { pool: readPoolId(body), pg: body.varint('a PG', pgNumMax - 1) };
      return { kind: 'upmap', pg, items: readUpmapItems(body) };
    }
    case kinds.flag:
      return { kind: 'flag', flag: readClusterFlag(body), isSet: body.bool('whether the flag is set') };
    case kinds.config: {
      const key = body.text('a key', textBytesMax);
      const isSet = body.bool('whether there is a value');
      const value = body.text('a value', textBytesMax);
      return { kind: 'config', key, value: isSet ? value : undefined };
    }
    case kinds.entity:
      return { kind: 'entity', entity: readEntity(body) };
    case kinds['entity-removed']:
      return { kind: 'entity-removed', name: body.text('a name', textBytesMax) };
    case kinds['required-features']:
      return { kind: 'required-features', features: body.varint('features') };
    case kinds.numbers: {
      const storeLast = body.varint('a store number');
      const poolLast = body.varint('a pool number');
      return { kind: 'numbers', storeLast, poolLast, memberLast: body.varint('a member number') };
    }
    case kinds.head:
      throw body.error(`${what} has two heads`);
    default:
      return undefined;
  }
}

function* readRecords(body: ByteReader): Steps<MapChange> {
  const pool = readPoolId(body);
  const count = body.count('records', 1 + pgRecordBytesMin, pgNumMax);
  const pgs = new Uint32Array(count);
  const records: PgRecord[] = [];
  let next = 0;
  for (let i = 0; i < count; i += 1) {
    const pg = next + body.varint('a PG', pgNumMax - 1 - next);
    next = pg + 1;
    pgs[i] = pg;
    records.push(readPgRecord(body));
    if (i % recordsPerStep === recordsPerStep - 1) yield;
  }
  return { kind: 'records', pool, pgs, records };
}
