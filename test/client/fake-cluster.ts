/**
 * A cluster as its clients see it: a monitor that pushes maps, and OSDs that answer for their PGs from one model that all of
 * them share, as replicas would. What may go wrong between a client and a primary is injected here.
 */
import { hexText } from '../../base/bytes.js';
import { CairnError } from '../../base/errors.js';
import { monotonicMs, wallMs } from '../../base/instants.js';
import type { MapChange } from '../../cluster/change.js';
import { encodeMap } from '../../cluster/codec/map-codec.js';
import { createMap } from '../../cluster/create-map.js';
import { poolId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import { CairnClient, type CairnClientOptions } from '../../client/client.js';
import type { Credentials } from '../../protocol/credentials.js';
import { commandMethod, mapPushMethod, subscribeMethod } from '../../protocol/monitor-methods.js';
import { listMethod, opMethod, type OpReply } from '../../protocol/osd-methods.js';
import type { Runtime } from '../../runtime/runtime.js';
import type { Prng } from '../../runtime/sim/prng.js';
import type { SimProcess } from '../../runtime/sim/process.js';
import { World } from '../../runtime/sim/world.js';
import { HandlerTable, type IncomingRequest } from '../../wire/handlers.js';
import { serviceKeyOf } from '../../wire/service-key.js';
import { WireListener } from '../../wire/listener.js';
import type { OutgoingReply } from '../../wire/method.js';
import { PeerConnection } from '../../wire/peer-connection.js';
import type { Peer } from '../../wire/peer.js';
import { entity, fsid, members, monitor, next, osd, pool, record, recordsChange } from '../cluster/samples.js';
import { PgModel, refusal } from './object-model.js';

/** Chances of each, from 0 to 1. All 0 by default. */
export interface Faults {
  stale: number;
  notServing: number;
  overloaded: number;
  cutBefore: number;
  cutAfter: number;
  /** `stale-route` of a term that ended after the request took effect. */
  staleAfter: number;
  slowBefore: number;
  slowAfter: number;
  /** The most that a slow one takes. */
  slowMs: number;
}

export const noFaults: Faults = {
  stale: 0,
  notServing: 0,
  overloaded: 0,
  cutBefore: 0,
  cutAfter: 0,
  staleAfter: 0,
  slowBefore: 0,
  slowAfter: 0,
  slowMs: 100,
};

export const pgNum = 8;
const osdPort = 6800;
const monitorPort = 7000;

export interface FakeClusterOptions {
  /** Default 3. */
  readonly osds?: number;
  readonly faults?: Partial<Faults>;
}

export class FakeCluster {
  readonly world: World;
  readonly faults: Faults;
  /** By PG of pool 1. */
  readonly pgs = Array.from({ length: pgNum }, () => new PgModel());
  map: ClusterMap;
  /** OSDs that refuse everything with `not-serving`. */
  readonly unready = new Set<number>();
  /** PGs that do. */
  readonly unreadyPgs = new Set<number>();
  readonly #chance: Prng;
  readonly #subscribers = new Map<Peer, number>();
  readonly #osds: FakeOsd[] = [];
  #monitor: SimProcess | undefined;
  #connectionLast = 0;

  constructor(seed: number, { osds = 3, faults = {} }: FakeClusterOptions = {}) {
    this.world = new World({ seed, network: { link: { latencyMs: 0.3 } } });
    this.faults = { ...noFaults, ...faults };
    this.#chance = this.world.stream('faults');
    this.map = next(
      createMap({
        fsid,
        createdAt: wallMs(1_700_000_000_000),
        monitors: [monitor('a', 1, { address: { host: 'mon', port: monitorPort } })],
        entities: [entity('client.admin', { mon: 'allow *', osd: 'allow *' })],
      }),
      ...Array.from({ length: osds }, (_, id): MapChange => ({ kind: 'osd', osd: this.#info(id, 1) })),
      { kind: 'pool', pool: pool(1, { name: 'data', pgNum }) },
      recordsChange(
        1,
        this.pgs.map((_model, pg) => [pg, record(1, members(...turned(osds, pg)))] as const),
      ),
    );
    for (let id = 0; id < osds; id++) this.#osds.push(new FakeOsd(this, id, this.#chance));
  }

  get credentials(): Credentials {
    return {
      fsid,
      name: 'client.admin',
      key: new Uint8Array(32).fill(7),
      monitors: [{ host: 'mon', port: monitorPort }],
    };
  }

  async start(): Promise<void> {
    this.#monitor = this.world.machine('mon').start('mon.a', (runtime) => this.#runMonitor(runtime));
    await this.#monitor.finished;
    for (const one of this.#osds) await one.start();
  }

  osd(id: number): FakeOsd {
    const one = this.#osds[id];
    if (one === undefined) throw new Error(`no osd.${id}`);
    return one;
  }

  /** The next epoch, pushed to whoever follows. */
  change(...changes: readonly MapChange[]): void {
    this.map = next(this.map, ...changes);
    for (const peer of this.#subscribers.keys()) this.#push(peer);
  }

  /** Another term of a PG, led by this OSD. */
  lead(pg: number, id: number, { isPushed = true } = {}): void {
    const model = this.pgs[pg];
    if (model === undefined) throw new Error(`no pg ${pg}`);
    model.term += 1;
    const change = recordsChange(1, [[pg, record(model.term, members(...turned(this.#osds.length, id)))]]);
    if (isPushed) this.change(change);
    else this.map = next(this.map, change);
  }

  /** As after a boot, when it comes up. */
  setUp(id: number, isUp: boolean, boot = 1): void {
    this.change({ kind: 'osd', osd: { ...this.#info(id, boot), isUp } });
  }

  leaderOf(pg: number): number {
    return this.map.records.get({ pool: poolId(1), pg })?.acting[0]?.osd ?? -1;
  }

  async runtime(machine = 'client'): Promise<Runtime> {
    const process = this.world.machine(machine).start(machine, async () => {});
    await process.finished;
    return process.runtime;
  }

  async client(options: Partial<CairnClientOptions> = {}): Promise<CairnClient> {
    return CairnClient.connect(await this.runtime(), { credentials: this.credentials, role: 'client', ...options });
  }

  within(ms: number): { readonly deadline: ReturnType<typeof monotonicMs> } {
    return { deadline: monotonicMs(this.clientNow() + ms) };
  }

  /** On the clock of the clients' machine. */
  clientNow(): number {
    return this.world.machine('client').time.monotonic(this.world.now);
  }

  /** Numbers connections as they are made, whichever OSD they are to. */
  nextConnection(): number {
    this.#connectionLast += 1;
    return this.#connectionLast;
  }

  #info(id: number, boot: number) {
    const address = { host: `osd${id}`, port: osdPort };
    return osd(id, { publicAddress: address, clusterAddress: address, boot });
  }

  async #runMonitor(runtime: Runtime): Promise<void> {
    const handlers = new HandlerTable()
      .on(subscribeMethod, ({ header, peer }) => {
        if (!this.#subscribers.has(peer)) this.#subscribers.set(peer, header.have);
        this.#push(peer);
        return { header: { newest: this.map.epoch, hasLeader: true } };
      })
      .on(commandMethod, () => ({ header: { result: {}, epoch: this.map.epoch, isStale: false } }));
    const { key } = this.credentials;
    await WireListener.listen(
      runtime,
      { address: { host: 'mon', port: monitorPort }, identity: { name: 'mon.a', role: 'monitor', fsid } },
      { handlers, keys: { keyFor: () => key }, onDisconnected: (peer) => void this.#subscribers.delete(peer) },
    );
  }

  #push(peer: Peer): void {
    const { epoch } = this.map;
    if ((this.#subscribers.get(peer) ?? epoch) >= epoch) return;
    this.#subscribers.set(peer, epoch);
    const push = { kind: 'full', from: 0, to: epoch, wall: 0 } as const;
    peer.call(mapPushMethod, push, { payload: encodeMap(this.map) }).catch(() => undefined);
  }
}

/** `id` first, then the others. */
function turned(count: number, id: number): number[] {
  return Array.from({ length: count }, (_, index) => (id + index) % count);
}

export class FakeOsd {
  readonly id: number;
  readonly #cluster: FakeCluster;
  readonly #chance: Prng;
  readonly #connections = new Map<Peer, number>();
  readonly #sessions = new Map<string, number>();
  process: SimProcess | undefined;
  requests = 0;

  constructor(cluster: FakeCluster, id: number, chance: Prng) {
    this.#cluster = cluster;
    this.id = id;
    this.#chance = chance;
  }

  async start(): Promise<void> {
    this.process = this.#cluster.world
      .machine(`osd${this.id}`)
      .start(`osd.${this.id}`, (runtime) => this.#run(runtime));
    await this.process.finished;
  }

  kill(): void {
    this.process?.kill();
  }

  async #run(runtime: Runtime): Promise<void> {
    const handlers = new HandlerTable()
      .on(opMethod, (request) => this.#serve(runtime, request))
      .on(listMethod, ({ header }) => ({ header: this.#modelOf(header).list(header) }));
    await WireListener.listen(
      runtime,
      { address: { host: `osd${this.id}`, port: osdPort }, identity: { name: `osd.${this.id}`, role: 'osd', fsid } },
      {
        handlers,
        keys: { keyFor: () => serviceKeyOf(this.#cluster.credentials.key, 'osd') },
        onConnected: (peer) => void this.#connections.set(peer, this.#cluster.nextConnection()),
        onDisconnected: (peer) => void this.#connections.delete(peer),
      },
    );
  }

  /** Throws unless this OSD leads that PG in that term. */
  #modelOf({ pg, term }: { readonly pg: number; readonly term: number }): PgModel {
    const model = this.#cluster.pgs[pg];
    const { map } = this.#cluster;
    if (model?.term !== term || this.#cluster.leaderOf(pg) !== this.id) {
      throw refusal('CONFLICT', 'stale-route', { epoch: map.epoch });
    }
    const { unready, unreadyPgs } = this.#cluster;
    if (unready.has(this.id) || unreadyPgs.has(pg)) throw refusal('OVERLOADED', 'not-serving');
    return model;
  }

  async #serve(
    runtime: Runtime,
    { header, payload, peer }: IncomingRequest<Parameters<PgModel['apply']>[0]>,
  ): Promise<OutgoingReply<OpReply>> {
    this.requests += 1;
    const { faults } = this.#cluster;
    const connection = this.#connections.get(peer) ?? 0;
    this.#modelOf(header);
    if (this.#happens(faults.stale)) throw refusal('CONFLICT', 'stale-route', { epoch: this.#cluster.map.epoch });
    if (this.#happens(faults.notServing)) throw refusal('OVERLOADED', 'not-serving');
    if (this.#happens(faults.overloaded)) throw new CairnError('OVERLOADED', 'too much to do');
    if (this.#happens(faults.slowBefore)) await this.#dawdle(runtime);
    if (this.#happens(faults.cutBefore)) cut(peer);
    // Requests die with their connection and their term.
    if (!this.#connections.has(peer)) throw new CairnError('CONNECTION_LOST', 'its connection is gone');
    this.#voidOlder(hexText(header.session), connection);
    const { reply, payload: bytes } = this.#modelOf(header).apply(header, payload);
    if (this.#happens(faults.slowAfter)) await this.#dawdle(runtime);
    if (this.#happens(faults.cutAfter)) cut(peer);
    if (this.#happens(faults.staleAfter)) {
      this.#cluster.lead(header.pg, this.#chance.below(3));
      const details = { refusal: 'stale-route', epoch: this.#cluster.map.epoch };
      throw new CairnError('CONFLICT', 'the term ended', { applied: 'maybe', details });
    }
    return { header: reply, payload: bytes };
  }

  /** A session's newest connection is the only one. */
  #voidOlder(session: string, connection: number): void {
    const newest = this.#sessions.get(session) ?? 0;
    if (connection < newest) throw new CairnError('CONNECTION_LOST', 'voided by a newer connection of its session');
    this.#sessions.set(session, connection);
  }

  #happens(chance: number): boolean {
    return chance > 0 && this.#chance.float() < chance;
  }

  #dawdle(runtime: Runtime): Promise<void> {
    return runtime.clock.sleep(this.#chance.float() * this.#cluster.faults.slowMs);
  }
}

/** What waits to be sent is dropped. */
function cut(peer: Peer): void {
  if (peer instanceof PeerConnection) void peer.close();
}

/** Runs a body with a cluster of a seed. */
export async function onCluster(
  body: (cluster: FakeCluster) => Promise<void>,
  options: FakeClusterOptions & { readonly seed?: number } = {},
): Promise<FakeCluster> {
  const cluster = new FakeCluster(options.seed ?? 1, options);
  await cluster.world.main(async () => {
    await cluster.start();
    await body(cluster);
  });
  return cluster;
}
