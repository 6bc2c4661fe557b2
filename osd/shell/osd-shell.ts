/**
 * The path of a change through an OSD, whole but for what makes it safe when the map changes: client, primary, every copy
 * synced, reply. Order is fixed by the primary's numbers; appends of a PG travel on one connection, so they arrive in it.
 *
 *     client ── put ──► primary ──► append to the others, and its own store ──► all durable ──► reply
 */
import { CairnError } from '../../base/errors.js';
import { poolId, type OsdId, type PgId } from '../../cluster/ids.js';
import type { HandlerTable, IncomingRequest } from '../../wire/handlers.js';
import type { OutgoingReply } from '../../wire/method.js';
import type { Peer } from '../../wire/peer.js';
import { objectId, type ObjectId } from '../store/object-id.js';
import type { Store } from '../store/store.js';
import { payloadOf, type Transaction } from '../store/transaction.js';
import {
  appendMethod,
  getMethod,
  putMethod,
  type AppendRequest,
  type GetReply,
  type GetRequest,
  type ObjectHeader,
  type PutReply,
  type PutRequest,
} from './methods.js';
import type { Routes } from './routes.js';

const blockShift = 16;
const emptyReply = new Uint8Array(0);

export interface OsdShellParts {
  readonly osd: OsdId;
  readonly store: Store;
  readonly routes: Routes;
  /** The connection to another OSD. */
  readonly peer: (osd: OsdId) => Pick<Peer, 'call'>;
}

export class OsdShell {
  readonly #parts: OsdShellParts;
  /** Of the newest entry of each PG that this OSD leads. */
  readonly #seqs = new Map<string, number>();

  constructor(parts: OsdShellParts) {
    this.#parts = parts;
  }

  register(handlers: HandlerTable): HandlerTable {
    return handlers
      .on(putMethod, (request) => this.#put(request))
      .on(getMethod, (request) => this.#get(request))
      .on(appendMethod, (request) => this.#append(request));
  }

  async #put(request: IncomingRequest<PutRequest>): Promise<OutgoingReply<PutReply>> {
    const { header, payload } = request;
    const pg = pgOf(header);
    const acting = this.#parts.routes.acting(pg);
    this.#checkPrimary(acting, pg);
    const object = objectOf(header);
    const append: AppendRequest = { ...header, term: 1, seq: this.#nextSeq(pg) };
    // The others first: they have the longer way.
    const others = acting.slice(1).map((osd) => {
      return this.#parts.peer(osd).call(appendMethod, append, { payload, within: request });
    });
    const own = this.#parts.store.apply(transactionOf(pg, object, append, payload));
    await Promise.all([own, ...others]);
    return { header: { seq: append.seq } };
  }

  async #append({ header, payload }: IncomingRequest<AppendRequest>): Promise<OutgoingReply<PutReply>> {
    const pg = pgOf(header);
    await this.#parts.store.apply(transactionOf(pg, objectOf(header), header, payload));
    return { header: { seq: header.seq } };
  }

  async #get({ header }: IncomingRequest<GetRequest>): Promise<OutgoingReply<GetReply>> {
    const pg = pgOf(header);
    this.#checkPrimary(this.#parts.routes.acting(pg), pg);
    const object = objectOf(header);
    const { objects } = this.#parts.store;
    const info = await objects.stat(object);
    if (info === undefined) throw new CairnError('NOT_FOUND', `${header.name} does not exist`);
    const payload = await objects.read(object, header.offset, header.bytes);
    return { header: { size: info.size, seq: info.version.seq }, payload };
  }

  #checkPrimary([primary]: readonly OsdId[], pg: PgId): void {
    if (primary === this.#parts.osd) return;
    const who = primary === undefined ? 'nobody' : `osd.${primary}`;
    throw new CairnError(
      'CONFLICT',
      `osd.${this.#parts.osd} does not lead ${pg.pool}.${pg.pg.toString(16)}; ${who} does`,
    );
  }

  #nextSeq(pg: PgId): number {
    const name = `${pg.pool}.${pg.pg}`;
    const seq = (this.#seqs.get(name) ?? this.#parts.store.logBounds(pg).lastSeq) + 1;
    this.#seqs.set(name, seq);
    return seq;
  }
}

function transactionOf(pg: PgId, object: ObjectId, header: AppendRequest, payload: Uint8Array): Transaction {
  const { seq, term, session, request, offset } = header;
  return {
    pg,
    blockShift,
    mutations: [{ kind: 'write', object, offset, data: payloadOf(payload) }],
    entry: { seq, term, object, session, request, reply: emptyReply },
    ...(seq % 256 === 0 && seq > logEntriesMax ? { trimTo: seq - logEntriesMax } : {}),
  };
}

/** As many as Ceph keeps by default (`osd_min_pg_log_entries`, 3,000 in its versions until 16). */
const logEntriesMax = 3_000;

function pgOf({ pool, pg }: ObjectHeader): PgId {
  return { pool: poolId(pool), pg };
}

function objectOf({ pool, namespace, locator, name }: ObjectHeader): ObjectId {
  return objectId(poolId(pool), { namespace, locator, name });
}
