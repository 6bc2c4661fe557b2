/** All PGs of one OSD, from one registration to the next: what the daemon drives. */
import { CairnError, toCairnError } from '../../base/errors.js';
import { type Epoch, type OsdId, type PgId, poolId, printPgId, type StoreNumber } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { CapAccess } from '../../cluster/caps.js';
import type { Pool } from '../../cluster/pool.js';
import {
  listMethod,
  opMethod,
  type ListReply,
  type ListRequest,
  type OpReply,
  type OpRequest,
} from '../../protocol/osd-methods.js';
import { type PgCopyInfo, pgCopyMethod } from '../../protocol/pg-copy-info.js';
import { type PgQuery, pgQueryMethod } from '../../protocol/pg-query.js';
import { type PgScrubReply, type PgScrubRequest, pgScrubMethod } from '../../protocol/pg-scrub.js';
import type { PgReport } from '../../protocol/pg-reports.js';
import type { MonitorClient } from '../../protocol/monitor-client.js';
import type { Timer } from '../../runtime/clock.js';
import type { Runtime } from '../../runtime/runtime.js';
import type { HandlerTable, IncomingRequest } from '../../wire/handlers.js';
import type { OutgoingReply } from '../../wire/method.js';
import type { Peer } from '../../wire/peer.js';
import { objectClasses } from '../classes/all.js';
import type { ClassClock, ClassTable } from '../classes/object-class.js';
import { RecoveredCounts } from '../recovery/recovered.js';
import { Pace } from '../recovery/pace.js';
import { Reservations } from '../recovery/reservations.js';
import type { Store } from '../store/store.js';
import { Acknowledgements } from './acknowledgements.js';
import { HandOver } from './hand-over.js';
import { LeaseKeeper } from './lease-keeper.js';
import { LentPayload } from './lent-payload.js';
import { listObjects } from './list-objects.js';
import {
  ackMethod,
  appendMethod,
  collectMethod,
  fenceMethod,
  joinBeginMethod,
  joinCopyMethod,
  joinEntriesMethod,
  joinFinishMethod,
  joinScanMethod,
  joinStartMethod,
  leaseMethod,
  lineageMethod,
  levelMethod,
  memberOfHeader,
  nackMethod,
  partsMethod,
  pgIdOf,
  positionOfHeader,
  runHeader,
  tailMethod,
  type PgHeader,
} from './messages.js';
import { asyncLagOf } from './async-lag.js';
import { registerParked } from './parked/parked-requests.js';
import { type ParkedOfPg, ParkedSet } from './parked/parked-set.js';
import type { OsdPeers } from './peers.js';
import type { Pg } from './pg.js';
import { noCopy } from './pg-copy.js';
import type { PgHost } from './pg-host.js';
import type { PgServiceStatus } from './pg-service-status.js';
import { PgTable } from './pg-table.js';
import { runOp } from './primary/run-op.js';
import { checkAccess } from './may-access.js';
import { notServing, refusal, staleRoute } from './refusals.js';
import { checkSender, isFrom } from './senders.js';
import { type Scrubbed, ScrubScheduler } from '../scrub/scheduler.js';
import { digestMethod, installMethod, scrubbedMethod, scrubListMethod } from '../scrub/messages.js';

/** As which member of PGs this process speaks: from a committed registration on, until the next. */
export interface SelfIdentity {
  readonly osd: OsdId;
  readonly store: StoreNumber;
  readonly boot: number;
  /** Of the map that has the registration: nothing is done before a map at least as new came. */
  readonly registeredAt: Epoch;
}

export interface PgServiceParts {
  readonly self: SelfIdentity;
  readonly store: Store;
  readonly peers: OsdPeers;
  readonly monitors: MonitorClient;
  /** Default: those of this version. */
  readonly classes?: ClassTable;
  /** As `ClassClock.wall`. Default: never known. */
  readonly wall?: ClassClock['wall'];
}

/** Requests of clients that run or wait at once; more are refused. */
const opsMax = 4_096;
const opsBytesMax = 256 * 1024 * 1024;
/** More would make each of them slower, and none of them whole sooner. */
const joinsMax = 4;
/** How often it is looked whether something waits for an answer that was lost. */
const tickMs = 500;

export class PgService {
  readonly #runtime: Runtime;
  readonly #table: PgTable;
  readonly #leases: LeaseKeeper;
  readonly #acknowledgements: Acknowledgements;
  readonly #host: PgHost;
  readonly #scrubs: ScrubScheduler;
  #map: ClusterMap | undefined;
  #timer: Timer | undefined;
  #ops = 0;
  #opsBytes = 0;
  readonly #recovered = new RecoveredCounts();
  /** While it stops. */
  #handOver: HandOver | undefined;
  #closed: CairnError | undefined;

  constructor(runtime: Runtime, parts: PgServiceParts) {
    const { self, store, peers, monitors } = parts;
    this.#runtime = runtime;
    this.#leases = new LeaseKeeper(runtime, self, { store, peers });
    this.#acknowledgements = new Acknowledgements(runtime, self, peers);
    this.#host = {
      runtime,
      self,
      startedAt: runtime.clock.now(),
      store,
      peers,
      monitors,
      classes: parts.classes ?? objectClasses,
      classClock: { now: () => runtime.clock.now(), wall: parts.wall ?? (() => undefined) },
      joins: new Reservations(joinsMax),
      joined: new Set(),
      pace: new Pace(),
      parked: new ParkedSet(runtime, store),
      holder: this.#leases.holder,
      grantor: this.#leases.grantor,
      map: () => this.#knownMap,
      clocks: () => this.#leases.clocks(),
      acknowledge: (to, pg, term, seq) => this.#acknowledgements.add(to, pg, term, seq),
      learn: (pg, record, pgNum) => this.#table.learn(pg, record, pgNum),
      leaseNews: (ms) => this.#leases.news(ms),
      hasFull: (members) => this.#leases.hasFull(members),
      recovered: (pool, done) => this.#recovered.add(pool, done),
      fatal: (error) => runtime.fatal(error),
    };
    this.#table = new PgTable(this.#host, self.registeredAt);
    this.#scrubs = new ScrubScheduler(runtime, {
      daemon: `osd.${self.osd}`,
      leading: () => this.#leadingScrubs(),
      map: () => this.#map,
    });
    this.#tick();
  }

  get status(): PgServiceStatus {
    const { running, waiting } = this.#host.joins;
    const { all: recovered, pools: recoveredOfPools } = this.#recovered;
    const lag = asyncLagOf(this.#table.all());
    return { ...this.#table.counts, slowOps: 0, joins: running + waiting, recovered, recoveredOfPools, lag };
  }

  /** Of every PG that this OSD leads, as it is now. */
  *reports(): Generator<PgReport> {
    for (const { primary } of this.#table.all()) {
      const report = primary?.report();
      if (report !== undefined) yield report;
    }
  }

  /** What is parked here; `undefined` until that is known. */
  parked(): readonly ParkedOfPg[] | undefined {
    return this.#host.parked.summary();
  }

  /** Of one PG, for tests and `pg query`. */
  pg(id: PgId): Pg | undefined {
    return this.#table.get(id);
  }

  /** Methods of clients (`protocol/osd-methods.ts`) and of other OSDs. Handlers answer `CLOSED` once the service is closed. */
  static register(handlers: HandlerTable, current: () => PgService | undefined): HandlerTable {
    const service = (): PgService => {
      const found = current();
      if (found === undefined || found.#closed !== undefined) {
        throw new CairnError('CLOSED', 'this OSD takes no part in the cluster at the moment; try again');
      }
      return found;
    };
    registerParked(handlers, (pool, peer, access) => service().#parkedIn(pool, peer, access));
    return handlers
      .on(opMethod, (request) => service().#op(request))
      .on(listMethod, ({ header, peer }) => service().#list(header, peer))
      .on(pgQueryMethod, ({ header, peer }) => ({ header: service().#query(pgIdOf(header), peer) }))
      .on(pgCopyMethod, async ({ header, peer }) => ({ header: await service().#copyOf(pgIdOf(header), peer) }))
      .on(pgScrubMethod, ({ header, peer }) => ({ header: service().#scrub(header, peer) }))
      .on(collectMethod, async ({ header, peer }) => {
        const pg = await service().#member(header, peer);
        return { header: await pg.head(header) };
      })
      .on(fenceMethod, async ({ header, peer }) => {
        const found = service();
        const pg = await found.#member(header, peer);
        pg.fence(header);
        found.#handOver?.fenced(pg.id, header.record.term);
        return { header: { run: runHeader(found.#host.self) } };
      })
      .on(levelMethod, async ({ header, peer }) => {
        const pg = await service().#member(header, peer);
        return { header: { last: await pg.level(header) } };
      })
      .on(lineageMethod, async ({ header, peer }) => ({
        header: await (await service().#member(header, peer)).lineage(header),
      }))
      .on(tailMethod, async ({ header, peer }) => (await service().#member(header, peer)).tail(header))
      .on(partsMethod, async ({ header, payload, peer }) =>
        (await service().#member(header, peer)).parts(header, payload),
      )
      .on(scrubListMethod, async ({ header, peer }) => ({
        header: await (await service().#member(header, peer)).scrubList(header),
      }))
      .on(digestMethod, async ({ header, peer }) => ({
        header: await (await service().#member(header, peer)).digest(header),
      }))
      .on(installMethod, async ({ header, payload, peer }) => {
        await (await service().#member(header, peer)).install(header, payload);
        return { header: {} };
      })
      .onMessage(scrubbedMethod, ({ header, peer }) => forMember(current(), header, peer)?.scrubbed(header))
      .on(leaseMethod, ({ header, peer }) => {
        checkSender(peer, header.holder);
        return { header: service().#leases.onAsk(header) };
      })
      .onMessage(appendMethod, async (request) => {
        const { header, payload, peer } = request;
        const pg = forMember(current(), header, peer);
        const role = pg?.replica ?? pg?.joiner;
        if (role?.term.number === header.term) await role.append(header, payload, () => request.release());
      })
      .on(joinStartMethod, async ({ header, peer }) => {
        const found = service();
        if (found.#handOver !== undefined) throw new CairnError('OVERLOADED', 'this OSD is stopping; it joins nothing');
        const pg = await found.#member(header, peer);
        return { header: await pg.joinStart(header) };
      })
      .on(joinBeginMethod, async ({ header, peer }) => service().#joiner(header, peer).joinBegin(header))
      .onMessage(joinEntriesMethod, async ({ header, payload, peer }) => {
        const joiner = forMember(current(), header, peer)?.joiner;
        if (joiner?.term.number === header.term) await joiner.entries(header, payload);
      })
      .on(joinCopyMethod, async ({ header, payload, peer }) => {
        await service().#joiner(header, peer).joinCopy(header, payload);
        return { header: {} };
      })
      .on(joinScanMethod, async ({ header, peer }) => ({
        header: await service().#joiner(header, peer).joinScan(header),
      }))
      .on(joinFinishMethod, async ({ header, peer }) => ({
        header: { last: await service().#joiner(header, peer).joinFinish(header) },
      }))
      .onMessage(ackMethod, ({ header, peer }) => {
        const found = isFrom(peer, header.from) ? current() : undefined;
        const from = memberOfHeader(header.from);
        for (const [pool, pg, term, seq] of header.acks) {
          const primary = found?.pg(pgIdOf({ pool, pg }))?.primary;
          if (primary?.term.number === term) primary.onAck(from, seq);
        }
      })
      .onMessage(nackMethod, ({ header, peer }) => {
        const primary = forMember(current(), header, peer)?.primary;
        if (primary?.term.number !== header.term) return;
        primary.onNack(memberOfHeader(header.from), positionOfHeader(header.last), header.problem);
      });
  }

  /** Whether a message is for this very store: another one under the same id is another member. */
  isFor({ to: [osd, store] }: PgHeader): boolean {
    return this.#closed === undefined && osd === this.#host.self.osd && store === this.#host.self.store;
  }

  /** Each map that came, newest last; epochs may be skipped. Returns at once: the work is done in slices. */
  onMap(map: ClusterMap): void {
    if (this.#closed !== undefined) return;
    this.#map = map;
    this.#leases.onMap(map);
    this.#table.onMap(map);
  }

  /** A connection to this OSD was made, or made anew: what it has not acknowledged is sent again. */
  onPeerConnected(osd: OsdId): void {
    for (const pg of this.#table.all()) pg.primary?.onConnected(osd);
  }

  /**
   * This OSD stops: the PGs that it leads go on under others, if those are enough. Resolves when they do, at the latest after
   * so long; to be closed then. Whatever comes meanwhile is answered as before, but for joins.
   */
  async handOver(withinMs: number): Promise<void> {
    this.#handOver ??= new HandOver(this.#runtime, () => this.#table.all());
    await this.#handOver.run(withinMs);
  }

  /** Gives up every role, promise and lease, and waits for what is under way. Idempotent; the store stays open. */
  async close(): Promise<void> {
    this.#closed ??= new CairnError('CLOSED', 'this OSD gives up its part in the cluster');
    this.#leases.close();
    this.#timer?.cancel();
    this.#acknowledgements.close();
    await this.#table.close(this.#closed);
    await this.#scrubs.close();
    await this.#host.parked.close(this.#closed);
  }

  #tick(): void {
    const { clock } = this.#runtime;
    for (const pg of this.#table.all()) {
      pg.primary?.tick(clock.now());
      pg.copy.noteAsyncProgress();
    }
    this.#scrubs.tick();
    this.#timer = clock.after(tickMs, () => this.#tick());
  }

  get #knownMap(): ClusterMap {
    if (this.#map === undefined) throw new CairnError('CLOSED', 'this OSD has no map yet; try again');
    return this.#map;
  }

  async #op(request: IncomingRequest<OpRequest>): Promise<OutgoingReply<OpReply>> {
    const { header, payload, peer } = request;
    const bytes = payload.byteLength;
    if (this.#ops >= opsMax || this.#opsBytes + bytes > opsBytesMax) {
      throw new CairnError('OVERLOADED', 'this OSD has as many requests as it takes; try again with a pause');
    }
    const id = pgIdOf(header);
    const { pace } = this.#host;
    pace.clientBegan(this.#runtime.clock.now());
    this.#ops += 1;
    this.#opsBytes += bytes;
    const lent = bytes === 0 ? undefined : new LentPayload(() => request.release());
    try {
      const primary = this.#primaryFor(id, header.term);
      const { pool } = primary;
      this.#checkAccess(peer, pool, 'r');
      if (header.changes.length > 0) this.#checkAccess(peer, pool, 'w');
      if (header.call !== undefined) this.#checkAccess(peer, pool, 'x');
      return await runOp(primary, header, payload, request, lent);
    } catch (error) {
      throw this.#routed(id, error);
    } finally {
      lent?.letGo();
      pace.clientEnded(this.#runtime.clock.now());
      this.#ops -= 1;
      this.#opsBytes -= bytes;
    }
  }

  #scrub({ want, ...id }: PgScrubRequest, peer: Peer): PgScrubReply {
    const { term, pool, scrubbing, isServing } = this.#leading(pgIdOf(id));
    if (want !== undefined) {
      // It reads all there is and may change it.
      this.#checkAccess(peer, pool, 'w');
      if (!isServing) throw notServing(term.pg, 'is becoming active, or has too few copies');
    }
    const number = want === undefined ? 0 : scrubbing.want(want);
    if (want !== undefined) this.#scrubs.tick();
    const { running, last } = scrubbing.status;
    return { osd: this.#host.self.osd, term: term.number, number, running, last };
  }

  *#leadingScrubs(): Generator<Scrubbed> {
    for (const { id, primary } of this.#table.all()) {
      if (primary !== undefined) yield { pg: id, scrubbing: primary.scrubbing };
    }
  }

  async #list(header: ListRequest, peer: Peer): Promise<OutgoingReply<ListReply>> {
    const id = pgIdOf(header);
    try {
      const primary = this.#primaryFor(id, header.term);
      this.#checkAccess(peer, primary.pool, 'r');
      return await listObjects(primary, header);
    } catch (error) {
      throw this.#routed(id, error);
    }
  }

  #primaryFor(id: PgId, term: number): NonNullable<Pg['primary']> {
    const { record } = this.#opened(id);
    const { epoch } = this.#knownMap;
    if (record === undefined || record.term > term) throw staleRoute(id, epoch);
    if (record.term < term) throw notServing(id, `is in term ${record.term} here, behind the request`);
    return this.#leading(id);
  }

  #leading(id: PgId): NonNullable<Pg['primary']> {
    const { primary } = this.#opened(id);
    if (primary === undefined) throw staleRoute(id, this.#knownMap.epoch);
    return primary;
  }

  #opened(id: PgId): Pg {
    const map = this.#knownMap;
    if (!map.pools.has(id.pool)) {
      if (id.pool > map.poolLast) throw notServing(id, `is of a pool that map ${map.epoch} does not have yet`);
      throw refusal('NOT_FOUND', 'pool', `there is no pool ${id.pool} in map ${map.epoch}`);
    }
    const pg = this.#table.get(id);
    if (pg !== undefined) return pg;
    if (id.pg >= (map.pools.get(id.pool)?.pgNum ?? 0)) throw notServing(id, `is none that map ${map.epoch} has yet`);
    // Not read or split off yet, or never this OSD's: a newer map tells the client which.
    throw this.#table.isComplete ? staleRoute(id, map.epoch) : notServing(id, 'is being opened here');
  }

  #query(id: PgId, peer: Peer): PgQuery {
    const primary = this.#leading(id);
    this.#checkAccess(peer, primary.pool, 'r');
    return primary.query();
  }

  /** Of a PG that may have no primary: it is for a person to see what is left. */
  async #copyOf(id: PgId, peer: Peer): Promise<PgCopyInfo> {
    const pool = this.#knownMap.pools.get(id.pool);
    if (pool === undefined)
      throw refusal('NOT_FOUND', 'pool', `there is no pool ${id.pool} in map ${this.#knownMap.epoch}`);
    this.#checkAccess(peer, pool, 'r');
    if (!this.#table.isComplete) throw notServing(id, 'is being opened here');
    const pg = this.#table.get(id);
    const { osd, store } = this.#host.self;
    return { osd, store, ...(pg === undefined ? noCopy : await pg.copy.describe()) };
  }

  /** Whether this OSD acts in a PG of the pool does not matter. `NOT_FOUND` without such a pool: what was parked of it is gone. */
  #parkedIn(pool: number, peer: Peer, access: CapAccess): PgHost {
    const found = this.#knownMap.pools.get(poolId(pool));
    if (found === undefined) throw new CairnError('NOT_FOUND', `there is no pool ${pool}`);
    this.#checkAccess(peer, found, access);
    return this.#host;
  }

  /** By the newest map, for each request: a capability that is taken away takes effect on open connections. */
  #checkAccess({ name }: Peer, pool: Pool, access: CapAccess): void {
    checkAccess(this.#knownMap, name, pool, access);
  }

  /** A term that ended under a request is a matter of its route: the client sends it again under the same id. */
  #routed(id: PgId, thrown: unknown): CairnError {
    const error = toCairnError(thrown);
    if (error.details['overtaken'] === true) return staleRoute(id, this.#map?.epoch ?? 0, error.applied);
    if (error.code === 'INTERNAL') {
      this.#runtime.log.error({ pg: printPgId(id), err: error }, 'a request failed by a bug; nothing was changed');
    }
    return error;
  }

  /** The PG that a message between members is about: opened for it if need be. `CONFLICT` for another store's messages. */
  async #member(header: PgHeader, peer: Peer): Promise<Pg> {
    checkSender(peer, header.from);
    this.#checkReceiver(header);
    return await this.#table.openFor(pgIdOf(header));
  }

  /** Without a wait: what a joiner is sent stays in its order. */
  #joiner(header: PgHeader, peer: Peer): Pg {
    checkSender(peer, header.from);
    this.#checkReceiver(header);
    const id = pgIdOf(header);
    const pg = this.#table.get(id);
    if (pg === undefined) throw new CairnError('CONFLICT', `pg ${printPgId(id)} is not open here; begin with a start`);
    return pg;
  }

  #checkReceiver(header: PgHeader): void {
    const [toOsd, toStore] = header.to;
    const { osd, store } = this.#host.self;
    if (this.isFor(header)) return;
    throw new CairnError(
      'CONFLICT',
      `a message for store ${toStore} of osd.${toOsd} came to store ${store} of osd.${osd}`,
    );
  }
}

/** One way: a message that is for nobody is lost without a word. */
function forMember(service: PgService | undefined, header: PgHeader, peer: Peer): Pg | undefined {
  return service?.isFor(header) === true && isFrom(peer, header.from) ? service.pg(pgIdOf(header)) : undefined;
}
