/** Requests of operators about what is parked here (`protocol/parked.ts`). Whether they may is decided before. */
import { latin1Bytes, latin1Text } from '../../../base/bytes.js';
import { CairnError } from '../../../base/errors.js';
import { type PoolId, poolId } from '../../../cluster/ids.js';
import type { CapAccess } from '../../../cluster/caps.js';
import {
  parkedDropMethod,
  type ParkedDropRequest,
  parkedKeysMax,
  type ParkedListReply,
  parkedListMethod,
  type ParkedListRequest,
  parkedPageMax,
  parkedReadBytesMax,
  parkedReadMethod,
  type ParkedReadReply,
  type ParkedReadRequest,
  type ParkedRow,
} from '../../../protocol/parked.js';
import type { HandlerTable } from '../../../wire/handlers.js';
import type { OutgoingReply } from '../../../wire/method.js';
import type { Peer } from '../../../wire/peer.js';
import type { PgHost } from '../pg-host.js';
import type { ObjectId } from '../../store/object-id.js';
import { parkedObjectId, type ParkedPlace } from '../../store/parked/parked-place.js';
import type { ObjectReader } from '../../store/read/object-reader.js';
import type { Parked, ParkedSet } from './parked-set.js';

/** Half of a header: attributes have at most 64 KiB, and a key with its head less than 70 KiB. */
const keysBytesMax = 512 * 1024;

/** `hostOf` checks that the peer may, and throws otherwise. */
export function registerParked(
  handlers: HandlerTable,
  hostOf: (pool: number, peer: Peer, access: CapAccess) => Pick<PgHost, 'parked' | 'self' | 'store'>,
): void {
  handlers
    .on(parkedListMethod, async ({ header, peer }) => {
      const { parked, self } = hostOf(header.pool, peer, 'r');
      return { header: await listParked(parked, self.osd, header) };
    })
    .on(parkedReadMethod, async ({ header, peer }) => {
      const { parked, store } = hostOf(header.pool, peer, 'r');
      return await readParked(parked, store.objects, header);
    })
    .on(parkedDropMethod, async ({ header, peer }) => ({
      header: await dropParked(hostOf(header.pool, peer, 'w').parked, header),
    }));
}

async function listParked(
  parked: ParkedSet,
  osd: number,
  { pool, pg, after }: ParkedListRequest,
): Promise<ParkedListReply> {
  const from = after === undefined ? '' : latin1Text(after);
  const { parked: found, next } = await parked.list(poolId(pool), { pg, after: from, count: parkedPageMax });
  return { osd, parked: found.map(rowOf), ...(next === undefined ? {} : { next: latin1Bytes(next) }) };
}

async function readParked(
  parked: ParkedSet,
  objects: ObjectReader,
  { pool, pg, term, seq, offset, bytes }: ParkedReadRequest,
): Promise<OutgoingReply<ParkedReadReply>> {
  if (!isCount(offset) || !isCount(bytes) || bytes > parkedReadBytesMax) {
    throw new CairnError('INVALID_ARGUMENT', `at most ${parkedReadBytesMax} bytes are read at a time`);
  }
  const parkedOne = await parked.get(placeOf(poolId(pool), pg, [term, seq]));
  const object = parkedObjectId(parkedOne, 'object');
  const info = await objects.stat(object);
  if (info === undefined) {
    return { header: { parked: rowOf(parkedOne), attributes: [], keys: [], hasMoreKeys: false }, payload: [] };
  }
  const isOfData = bytes > 0;
  const payload = isOfData ? await objects.read(object, offset, bytes) : [];
  const found = isOfData ? { keys: [], hasMoreKeys: false } : await readKeys(objects, object);
  const header = { parked: rowOf(parkedOne), attributes: isOfData ? [] : [...info.attributes], ...found };
  return { header, payload };
}

/** As many as a header takes, with what else is in it. */
async function readKeys(
  objects: ObjectReader,
  object: ObjectId,
): Promise<Pick<ParkedReadReply, 'keys' | 'hasMoreKeys'>> {
  const keys: (readonly [Uint8Array, Uint8Array])[] = [];
  let bytes = 0;
  const walk = objects.omapWalk(object, { from: '' });
  try {
    for (;;) {
      const [found] = await walk.next(1);
      if (found === undefined) return { keys, hasMoreKeys: false };
      bytes += found.key.length + found.head.byteLength;
      if (keys.length === parkedKeysMax || bytes > keysBytesMax) return { keys, hasMoreKeys: true };
      keys.push([latin1Bytes(found.key), found.head]);
    }
  } finally {
    await walk.close();
  }
}

async function dropParked(
  parked: ParkedSet,
  { pool, pg, versions }: ParkedDropRequest,
): Promise<{ readonly dropped: number }> {
  if (versions.length > parkedPageMax) {
    throw new CairnError('INVALID_ARGUMENT', `at most ${parkedPageMax} are dropped by one request`);
  }
  return { dropped: await parked.drop(versions.map((version) => placeOf(poolId(pool), pg, version))) };
}

function placeOf(pool: PoolId, pg: number, [term, seq]: readonly [term: number, seq: number]): ParkedPlace {
  if (!isCount(pg) || pg >= 65_536 || !isCount(term) || !isCount(seq)) {
    throw new CairnError('INVALID_ARGUMENT', 'what is parked is named by its PG, a term and a number in its log');
  }
  return { pg: { pool, pg }, version: { term, seq } };
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function rowOf({ pg, version, what }: Parked): ParkedRow {
  const { name, exists, isWhole, bytes, entries, acknowledged, parkedAt, common } = what;
  return {
    pg: pg.pg,
    ...version,
    ...name,
    exists,
    isWhole,
    bytes,
    writes: entries,
    acknowledged,
    parkedAt,
    commonTerm: common.term,
    commonSeq: common.seq,
  };
}
