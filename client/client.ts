/**
 * A client of the cluster's objects: it follows the map, talks to the primaries of PGs, and repeats what fails until it is
 * answered. One per process and cluster; README.md says what it promises.
 */
import { CairnError, toCairnError } from '../base/errors.js';
import { monotonicMs } from '../base/instants.js';
import { type OsdId, type PgId, poolId, printPgId } from '../cluster/ids.js';
import type { ClusterMap } from '../cluster/map.js';
import { objectHash, pgOfHash } from '../cluster/object-placement.js';
import type { Pool } from '../cluster/pool.js';
import type { Method, Reply } from '../wire/method.js';
import { serviceKeyOf } from '../wire/service-key.js';
import { monDump } from '../protocol/commands/mon.js';
import type { Credentials } from '../protocol/credentials.js';
import type { MonitorClient } from '../protocol/monitor-client.js';
import { MonitorSession } from '../protocol/monitor-session.js';
import { type PgCopyInfo, pgCopyMethod } from '../protocol/pg-copy-info.js';
import {
  parkedDropMethod,
  type ParkedDropRequest,
  type ParkedListReply,
  parkedListMethod,
  type ParkedListRequest,
  parkedReadMethod,
  type ParkedReadReply,
  type ParkedReadRequest,
} from '../protocol/parked.js';
import { type PgQuery, pgQueryMethod } from '../protocol/pg-query.js';
import { listMethod, type ListReply, opMethod, type OpRequest } from '../protocol/osd-methods.js';
import { pgScrubMethod, type PgScrubReply, type ScrubKind } from '../protocol/pg-scrub.js';
import type { WaitOptions } from '../runtime/clock.js';
import type { TlsOptions } from '../runtime/network.js';
import type { Runtime } from '../runtime/runtime.js';
import { type Attempt, Dispatcher, type Request } from './dispatcher.js';
import { Gate } from './gate.js';
import { MapWatch } from './map-watch.js';
import {
  bytesInFlight,
  changesAnything,
  checkOperation,
  objectNameOf,
  type ObjectRef,
  type Operation,
  type Outcome,
  outcomeOf,
} from './operation.js';
import { OsdLinks } from './osd-links.js';
import { PgSessions, type RequestTicket } from './pg-sessions.js';
import { PoolClient } from './pool-client.js';
import { type Route, routeBy, type Target } from './route.js';

export interface CairnClientOptions {
  readonly credentials: Credentials;
  readonly tls?: TlsOptions | undefined;
  /** In handshakes: `client`, `gateway`, `volume`. */
  readonly role: string;
  /**
   * Bytes of operations under way, sent and to be received; further ones wait. Default 64 MiB: sixteen pieces of 4 MiB keep
   * several disks busy. More helps many large objects at once, and takes that memory.
   */
  readonly bytesInFlightMax?: number;
  /** Operations that wait for their turn, beyond which `OVERLOADED`. Default 4,096. */
  readonly waitingMax?: number;
  /** For handshakes with OSDs. Default: what OSDs know this entity by, made of its key. */
  readonly osdKey?: Uint8Array | undefined;
}

/** What one operation counts at least: so 4,096 are under way by default, however small. */
const operationBytesMin = 16 * 1024;
/** Changes under way at once. Half of the answers that an OSD keeps of one session. */
const changesMax = 512;
const connectMsDefault = 30_000;
/** Of one question about a PG: its primary may change while it is asked. */
const queriesMax = 3;
/** Names of one page of a list. */
const listBytes = 1024 * 1024;

/** The bytes asked for, a piece of one object. */
export type ReadParked = ParkedReadReply & { readonly data: Uint8Array };

export class CairnClient {
  readonly #monitors: MonitorClient;
  readonly #maps: MapWatch;
  readonly #links: OsdLinks;
  readonly #dispatcher: Dispatcher;
  readonly #sessions: PgSessions;
  readonly #bytes: Gate;
  readonly #changes: Gate;
  #closing: Promise<void> | undefined;

  private constructor(runtime: Runtime, options: CairnClientOptions) {
    const { credentials, tls, role, bytesInFlightMax = 64 * 1024 * 1024, waitingMax = 4_096 } = options;
    this.#monitors = new MonitorSession(runtime, { credentials, role, tls });
    const identity = { name: credentials.name, role, fsid: credentials.fsid };
    this.#links = new OsdLinks(runtime, { identity, tls, key: options.osdKey ?? serviceKeyOf(credentials.key, 'osd') });
    this.#maps = new MapWatch(runtime, this.#monitors, (map) => this.#onMap(map));
    this.#dispatcher = new Dispatcher(runtime, this.#maps);
    this.#sessions = new PgSessions(() => runtime.random.bytes(16));
    const { clock } = runtime;
    this.#bytes = new Gate(clock, { what: 'bytes in flight', capacity: bytesInFlightMax, waitersMax: waitingMax });
    this.#changes = new Gate(clock, { what: 'changes in flight', capacity: changesMax, waitersMax: waitingMax });
  }

  /** Ready once it has a map. Errors: as `MonitorSession.query`; `PERMISSION_DENIED` when it may not read the map. */
  static async connect(runtime: Runtime, options: CairnClientOptions, wait: WaitOptions = {}): Promise<CairnClient> {
    const client = new CairnClient(runtime, options);
    const { signal, deadline = monotonicMs(runtime.clock.now() + connectMsDefault) } = wait;
    try {
      // The session says better than a map that does not come why there is none: the key, the address, no quorum.
      const { epoch } = await client.#monitors.query(monDump, {}, { signal, deadline, mayBeStale: true });
      await client.#maps.until((map) => map.epoch >= epoch, { signal, deadline }, 'waiting for the map of the cluster');
      return client;
    } catch (error) {
      await client.close();
      throw toCairnError(error);
    }
  }

  /** The newest map that came. */
  get map(): ClusterMap {
    const { map } = this.#maps;
    if (map === undefined) throw new CairnError('CLOSED', 'this client has no map');
    return map;
  }

  /** The monitors, through the same session. Not to be closed. */
  get monitors(): MonitorClient {
    return this.#monitors;
  }

  /** For metrics. */
  get status() {
    return {
      bytesInFlight: this.#bytes.used,
      bytesWaiting: this.#bytes.waiting,
      changesInFlight: this.#changes.used,
      changesWaiting: this.#changes.waiting,
      refusals: this.#bytes.refusals + this.#changes.refusals,
      links: this.#links.count,
      ...this.#dispatcher.metrics,
    };
  }

  /** By name, or by number. `NOT_FOUND` only when the monitors, too, know of none. */
  async pool(nameOrId: string | number, wait: WaitOptions = {}): Promise<PoolClient> {
    const known = findPool(this.map, nameOrId);
    if (known !== undefined) return new PoolClient(this, known);
    const { epoch } = await this.#monitors.query(monDump, {}, wait);
    const map = await this.#maps.until((newest) => newest.epoch >= epoch, wait, 'waiting for the newest map');
    const found = findPool(map, nameOrId);
    if (found !== undefined) return new PoolClient(this, found);
    throw new CairnError('NOT_FOUND', `there is no pool ${nameOrId}; see \`cairn pool ls\``);
  }

  /**
   * One atomic operation on one object, in effect at most once. Errors: those of `osd-methods.ts` that are answers, with
   * `applied` saying whether the operation may have taken effect, or may still.
   */
  async operate(
    pool: Pick<Pool, 'id' | 'name'>,
    ref: ObjectRef,
    operation: Operation,
    wait: WaitOptions = {},
  ): Promise<Outcome> {
    const name = objectNameOf(ref);
    checkOperation(operation);
    const { guards = [], reads = [], changes = [], call, payload, trace } = operation;
    const isChange = changesAnything(operation);
    const hash = objectHash(pool.id, name);
    const target: Target = { pool: pool.id, pgOf: (pgNum) => pgOfHash(hash, pgNum) };
    let ticket: RequestTicket | undefined;
    const request: Request<Outcome> = {
      target,
      what: `object "${name.name}" in pool ${pool.name}`,
      changes: isChange,
      send: async (route, { deadline, withdrawal }) => {
        if (isChange) ticket ??= this.#sessions.begin(route.pg);
        const { session, request, floor } = this.#numbers(route, ticket);
        const { term } = route;
        const { pool: poolOf, pg } = route.pg;
        const { name: own, namespace, locator } = name;
        const place = { pool: poolOf, pg, term, name: own, namespace, locator };
        const header: OpRequest = { ...place, session, request, floor, guards, reads, changes, call, trace };
        const reply = await this.#links.call(route, opMethod, header, { deadline, withdrawal, payload });
        return outcomeOf(reply);
      },
    };
    try {
      return await this.#run(request, bytesInFlight(operation), wait);
    } finally {
      ticket?.end();
    }
  }

  /** One page of a PG's objects; `PoolClient.list` asks for all. */
  listPage(
    target: Target,
    pageOf: (route: Route) => { readonly after: Uint8Array; readonly count: number },
    wait: WaitOptions,
  ): Promise<ListReply & { readonly route: Route }> {
    const send = async (route: Route, attempt: Attempt) => {
      const { pg, term } = route;
      const reply = await this.#links.call(route, listMethod, { ...pg, term, ...pageOf(route) }, attempt);
      return { ...reply.header, route };
    };
    return this.#run({ target, what: `the objects of pool ${target.pool}`, changes: false, send }, listBytes, wait);
  }

  /**
   * What its primary says of a PG, whether that serves or not. Errors: those of the monitors' map, `CONFLICT` when nobody
   * leads it, and those of the connection.
   */
  queryPg(pg: PgId, wait: WaitOptions = {}): Promise<PgQuery> {
    return this.#askPg(pgQueryMethod, pg, { ...pg }, wait);
  }

  /** Asks the primary of a PG to scrub it, or how that is; returns at once. Errors as those of `queryPg`, `OVERLOADED`. */
  scrubPg(pg: PgId, want: ScrubKind | undefined, wait: WaitOptions = {}): Promise<PgScrubReply> {
    return this.#askPg(pgScrubMethod, pg, { ...pg, want }, wait);
  }

  /** What the store of an OSD has of a PG, whoever leads that. Errors: `CONFLICT` when it is down, and those of the connection. */
  async copyOfPg(osd: OsdId, pg: PgId, wait: WaitOptions = {}): Promise<PgCopyInfo> {
    return (await this.#askOsd(osd, pgCopyMethod, { ...pg }, wait)).header;
  }

  /** What an OSD has parked of a pool, one page. Errors: as `readParked`. */
  async listParked(osd: OsdId, request: ParkedListRequest, wait: WaitOptions = {}): Promise<ParkedListReply> {
    return (await this.#askOsd(osd, parkedListMethod, request, wait)).header;
  }

  /** Errors: `CONFLICT` when the OSD is down, those of `protocol/parked.ts`, and those of the connection. */
  async readParked(osd: OsdId, request: ParkedReadRequest, wait: WaitOptions = {}): Promise<ReadParked> {
    const { header, payload } = await this.#askOsd(osd, parkedReadMethod, request, wait);
    return { ...header, data: payload };
  }

  /** Gives up what an OSD has parked; how much of it was there. Errors: as `readParked`. */
  async dropParked(osd: OsdId, request: ParkedDropRequest, wait: WaitOptions = {}): Promise<number> {
    return (await this.#askOsd(osd, parkedDropMethod, request, wait)).header.dropped;
  }

  /** Whatever it leads. */
  async #askOsd<Req extends { readonly pool: number }, Rep>(
    osd: OsdId,
    method: Method<Req, Rep>,
    header: Req,
    wait: WaitOptions,
  ): Promise<Reply<Rep>> {
    const { osds, epoch } = this.map;
    const info = osds.get(osd);
    if (info?.publicAddress === undefined || !info.isUp) {
      throw new CairnError('CONFLICT', `osd.${osd} is down, and cannot be asked; see \`cairn osd tree\``);
    }
    const pg = { pool: poolId(header.pool), pg: 0 };
    const route = { pg, pgNum: 0, term: 0, osd, boot: info.boot, address: info.publicAddress, epoch };
    return await this.#links.call(route, method, header, wait);
  }

  async #askPg<Req, Rep>(method: Method<Req, Rep>, pg: PgId, header: Req, wait: WaitOptions): Promise<Rep> {
    const target: Target = { pool: pg.pool, pgOf: () => pg.pg };
    for (let attempt = 1; ; attempt += 1) {
      // It is asked of the PG, not of its objects: a pause of those does not matter.
      const routing = routeBy({ ...this.map, flags: new Set() }, target);
      if (routing.kind !== 'route') throw nobodyLeads(pg, routing.reason);
      try {
        return (await this.#links.call(routing.route, method, header, wait)).header;
      } catch (error) {
        const { details } = toCairnError(error);
        if (details['refusal'] !== 'stale-route' || attempt === queriesMax) throw error;
        const { epoch } = await this.#monitors.query(monDump, {}, wait);
        await this.#maps.until((map) => map.epoch >= epoch, wait, 'waiting for the newest map');
      }
    }
  }

  /** What is under way ends with `CLOSED`. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const reason = new CairnError('CLOSED', 'this client was closed');
    this.#bytes.close(reason);
    this.#changes.close(reason);
    this.#dispatcher.close(reason);
    const maps = this.#maps.close(reason);
    await this.#links.close();
    await this.#monitors.close();
    await maps;
  }

  async #run<T>(request: Request<T>, bytes: number, wait: WaitOptions): Promise<T> {
    const { signal } = wait;
    const deadline = this.#dispatcher.deadlineOf(wait, request.changes);
    const cost = Math.max(bytes, operationBytesMin);
    if (request.changes) await this.#changes.enter(1, { deadline, signal });
    try {
      await this.#bytes.enter(cost, { deadline, signal });
      try {
        return await this.#dispatcher.run(request, deadline, signal);
      } finally {
        this.#bytes.leave(cost);
      }
    } finally {
      if (request.changes) this.#changes.leave(1);
    }
  }

  /** The floor is read for each attempt, and no attempt follows the end of its ticket: so it never passes one that waits. */
  #numbers({ pg }: Route, ticket: RequestTicket | undefined): Pick<OpRequest, 'session' | 'request' | 'floor'> {
    if (ticket !== undefined) return { session: ticket.session, request: ticket.number, floor: ticket.floor };
    const known = this.#sessions.peek(pg);
    return { session: known?.session ?? noSession, request: 0, floor: known?.floor ?? 0 };
  }

  #onMap(map: ClusterMap): void {
    this.#dispatcher.onMap(map);
    this.#links.onMap(map);
  }
}

function nobodyLeads(pg: PgId, reason: string): CairnError {
  const id = printPgId(pg);
  return new CairnError('CONFLICT', `pg ${id} cannot be asked: ${reason}; see \`cairn pg map ${id}\``);
}

/** Of requests that change nothing, of a client that has changed nothing there. */
const noSession = new Uint8Array(16);

function findPool({ pools }: ClusterMap, nameOrId: string | number): Pool | undefined {
  if (typeof nameOrId === 'number') {
    return Number.isInteger(nameOrId) && nameOrId >= 1 && nameOrId < 2 ** 31 ? pools.get(poolId(nameOrId)) : undefined;
  }
  for (const pool of pools.values()) if (pool.name === nameOrId) return pool;
  return undefined;
}
