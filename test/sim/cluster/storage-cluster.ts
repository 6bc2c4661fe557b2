/** A whole cluster on simulated machines: monitors, OSDs in hosts and racks, a pool; whatever dies is started again. */
import assert from 'node:assert/strict';
import { osdId, printPgId, type OsdId, type PgId } from '../../../cluster/ids.js';
import type { ClusterMap } from '../../../cluster/map.js';
import type { PgRecord } from '../../../cluster/pg-record.js';
import type { Pool } from '../../../cluster/pool.js';
import { UpMapper } from '../../../cluster/up-mapper.js';
import { mkfs } from '../../../osd/store/mkfs.js';
import { authAdd } from '../../../protocol/commands/auth.js';
import { configSet } from '../../../protocol/commands/config.js';
import { osdIn, osdReweight } from '../../../protocol/commands/osd.js';
import { poolCreate } from '../../../protocol/commands/pool.js';
import type { Machine } from '../../../runtime/sim/machine.js';
import type { Prng } from '../../../runtime/sim/prng.js';
import type { VolumeOptions } from '../../../runtime/sim/volume.js';
import type { World } from '../../../runtime/sim/world.js';
import { MonitorCluster, type Client } from '../../monitor/sim/monitor-cluster.js';
import { ClusterOsd } from './cluster-osd.js';
import { tried } from './tried.js';
import { workAt } from './machine-work.js';
import type { ClusterShape } from './shape.js';

export const poolName = 'data';
/** Clocks of two machines may differ by 1 % (PG-PROTOCOL.md): each is off by less than half of it. */
const clockRateErrorMax = 0.0045;
/** In a rush: operations overlap, and the next is there before the last one's fate is decided. */
const rushPauseMs = 30;
const disksPerHost = 6;
export const diskBytes = 2 ** 28;
/** Room for what the workload leaves, many times. */
const storeBytes = 34 * 2 ** 20;

/** For an answer of monitors that have their links back, and may have to elect. */
const askMs = 5_000;
const takeInMax = 20;
const fullWeight = 0x10000;

export class StorageCluster {
  readonly world: World;
  readonly shape: ClusterShape;
  readonly monitors: MonitorCluster;
  readonly admin: Client;
  readonly osds: ClusterOsd[] = [];
  /** Monitors whose disks were replaced; each is a copy less of what they keep. */
  monitorsLost = 0;
  /** Not to be started now. */
  readonly absentMonitors = new Set<string>();
  readonly #random: Prng;
  #nextId = 0;
  readonly #disksTaken = new Map<string, number>();
  #failure: { readonly error: unknown } | undefined;
  #isWatched = true;
  #rushUntil = 0;

  private constructor(world: World, shape: ClusterShape, monitors: MonitorCluster, admin: Client) {
    this.world = world;
    this.shape = shape;
    this.monitors = monitors;
    this.admin = admin;
    this.#random = world.stream('cluster');
  }

  /** Resolves when all OSDs serve and the pool is there. */
  static async found(world: World, shape: ClusterShape): Promise<StorageCluster> {
    const monitors = await MonitorCluster.found(world, { monitors: shape.monitors, mayFail: true });
    const cluster = new StorageCluster(world, shape, monitors, await monitors.client());
    const { admin } = cluster;
    // So that a run of seconds sees data move for OSDs that stay away.
    const out = { section: 'global', option: 'mon_osd_down_out_interval', value: '10' };
    await admin.session.change(configSet, out, admin.within(10_000));
    for (let i = 0; i < shape.osds; i++) await cluster.add(`host-${i % shape.hosts}`);
    await monitors.until('all OSDs serve', 30_000, () => cluster.osds.every((osd) => osd.isServing()));
    const { size, minSize, pgNum, mode } = shape;
    const pool = { name: poolName, size, minSize, pgNum, mode, confirmed: true };
    await admin.session.change(poolCreate, pool, admin.within(10_000));
    void cluster.#watch();
    return cluster;
  }

  /** A new OSD with an empty disk. Its process was started when it resolves. */
  async add(hostName: string): Promise<ClusterOsd> {
    const { monitors, admin, shape } = this;
    // Taken at once: two may be added at a time.
    const id = osdId(this.#nextId);
    this.#nextId += 1;
    assert.ok(this.hasFreeSlot(hostName), `${hostName} has a free slot`);
    const slot = this.#disksTaken.get(hostName) ?? 0;
    this.#disksTaken.set(hostName, slot + 1);
    const name = `osd.${id}`;
    const { fsid, key } = await admin.session.change(
      authAdd,
      { name, caps: [['mon', 'profile osd']] },
      admin.within(30_000),
    );
    const credentials = { fsid, key, name, monitors: monitors.admin.monitors };
    const rack = `rack-${Number(hostName.slice('host-'.length)) % shape.racks}`;
    const location = ['root=default', `rack=${rack}`, `host=${hostName}`];
    const osd = new ClusterOsd(id, this.host(hostName), credentials, { mount: `/disk-${slot}`, location });
    await this.format(osd);
    this.osds.push(osd);
    osd.boot();
    return osd;
  }

  host(name: string): Machine {
    const disks: Record<string, VolumeOptions> = { '/': {} };
    for (let slot = 0; slot < disksPerHost; slot++) disks[`/disk-${slot}`] = { capacityBytes: diskBytes };
    const clockRate = 1 + this.world.stream(`clock ${name}`).between(-clockRateErrorMax, clockRateErrorMax);
    return this.world.machine(name, { disks, clockRate });
  }

  hasFreeSlot(hostName: string): boolean {
    return (this.#disksTaken.get(hostName) ?? 0) < disksPerHost;
  }

  /** A new, empty store on its disk. */
  async format(osd: ClusterOsd): Promise<void> {
    const { directory, id, credentials } = osd;
    await workAt(this.world, osd.machine, 'mkfs', async (runtime) => {
      await runtime.disk.removeTree(directory);
      const sizes = { capacityBytes: storeBytes, segmentBytes: 2 ** 20 };
      await mkfs(runtime, directory, { osd: id, fsid: credentials.fsid, ...sizes });
    });
  }

  get hosts(): readonly Machine[] {
    return [...new Set(this.osds.map(({ machine }) => machine))];
  }

  get map(): ClusterMap {
    return this.monitors.newestMap;
  }

  get pool(): Pool {
    const pool = [...this.map.pools.values()].find(({ name }) => name === poolName);
    assert.ok(pool !== undefined, 'the pool is in the map');
    return pool;
  }

  pgs(): { readonly id: PgId; readonly record: PgRecord | undefined }[] {
    const { map, pool } = this;
    return Array.from({ length: pool.pgNum }, (_, pg) => {
      const id = { pool: pool.id, pg };
      return { id, record: map.records.get(id) };
    });
  }

  /** Whether any PG's record names it, or CRUSH wants it for one. */
  countsOn({ id }: ClusterOsd): boolean {
    const { map, pool } = this;
    const mapper = new UpMapper(map);
    return this.pgs().some(({ id: { pg }, record }) => {
      const members = [...(record?.acting ?? []), ...(record?.eligible ?? [])];
      return members.some(({ osd }) => osd === id) || mapper.up(pool, pg).includes(id);
    });
  }

  /**
   * What operators took out for a while takes its share again, however often it has to be asked for; and its whole share, where CRUSH
   * finds too few places for copies without it (each PG either may or may not use an OSD that weighs less).
   */
  async takeAllIn(): Promise<void> {
    const { admin, monitors } = this;
    const present = this.osds.filter((osd) => !osd.isRetired);
    for (let attempt = 0; attempt < takeInMax; attempt++) {
      const osds = present.filter((osd) => osd.in(monitors)?.isIn === false).map(({ id }) => id);
      const light = present.filter((osd) => (osd.in(monitors)?.reweight ?? fullWeight) < fullWeight);
      if (osds.length > 0) await tried(admin.session.change(osdIn, { osds }, admin.within(askMs)));
      else if (light.length === 0 || !this.#lacksPlaces) return;
      else {
        for (const { id } of light) {
          await tried(admin.session.change(osdReweight, { id, reweight: fullWeight }, admin.within(askMs)));
        }
      }
      await this.world.sleep(askMs / 10);
    }
    const osds = this.osds.map((osd) => osd.describe()).join('\n  ');
    throw new Error(`OSDs could not be taken in, though nothing is in the way any more:\n  ${osds}`);
  }

  get #lacksPlaces(): boolean {
    const { map, pool } = this;
    const mapper = new UpMapper(map);
    return this.pgs().some(({ id }) => mapper.up(pool, id.pg).length < pool.size);
  }

  /** In words: PGs that are not where CRUSH wants them, whole and confirmed. */
  unclean(): string[] {
    const { map, pool } = this;
    const mapper = new UpMapper(map);
    return this.pgs().flatMap(({ id, record }) => {
      const up = mapper.up(pool, id.pg);
      const acting = record?.acting.map(({ osd }) => osd) ?? [];
      const isThere = acting[0] === up[0] && isSameSet(acting, up) && up.length > 0;
      if (record !== undefined && record.eligible.length === 0 && isThere) return [];
      const eligible = record?.eligible.map(({ osd }) => osd) ?? [];
      const sets = `acting [${acting.join()}] eligible [${eligible.join()}] up [${up.join()}]`;
      return [`${printPgId(id)} term ${record?.term} ${sets}`];
    });
  }

  /** From now on clients ask without a pause, for so long. */
  rush(ms: number): void {
    this.#rushUntil = Math.max(this.#rushUntil, this.world.now + ms);
  }

  /** Between two operations of a client's worker, at most, now. */
  get pauseMs(): number {
    return this.world.now < this.#rushUntil ? rushPauseMs : this.shape.pauseMs;
  }

  /** The first thing that went wrong while nobody looked. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Nobody is started any more. */
  stopWatching(): void {
    this.#isWatched = false;
  }

  /** As an init system: whoever died is started again, sometimes at once. */
  async #watch(): Promise<void> {
    try {
      while (this.#isWatched) {
        await this.world.sleep(this.#random.between(10, 1_000));
        this.monitors.checkDeaths();
        for (const osd of this.osds) {
          osd.judge();
          // As its message advises.
          if (osd.isBeyondRepair && osd.isWanted) await replaceDisk(this, osd);
          if (this.#isWatched) osd.boot();
        }
        for (const site of this.monitors.sites) {
          if (this.#isWatched && !this.absentMonitors.has(site.name)) this.monitors.boot(site);
        }
      }
    } catch (error) {
      this.fail(error);
    }
  }

  async until(what: string, withinMs: number, holds: () => boolean, describe: () => string): Promise<number> {
    const begun = this.world.now;
    while (!holds()) {
      this.throwIfFailed();
      if (this.world.now > begun + withinMs) assert.fail(`not within ${withinMs} ms: ${what}; ${describe()}`);
      await this.world.sleep(50);
    }
    return this.world.now - begun;
  }
}

/** By an empty one, under the old id. */
export async function replaceDisk(cluster: StorageCluster, osd: ClusterOsd): Promise<void> {
  osd.isWanted = false;
  osd.process?.kill();
  await cluster.format(osd);
  osd.wasRestored = false;
  osd.isWanted = true;
}

function isSameSet(a: readonly OsdId[], b: readonly OsdId[]): boolean {
  return a.length === b.length && a.every((one) => b.includes(one));
}
