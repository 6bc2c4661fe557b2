/**
 * A simulated cluster of three with one PG that has one large object, and a member that lost its part of it: how much of the object is
 * sent to it until it is whole again, whatever comes in between.
 */
import assert from 'node:assert/strict';
import { concatBytes, hexText, totalBytes, utf8Bytes } from '../../../../base/bytes.js';
import { xxh64 } from '../../../../base/xxh64.js';
import { CairnClient } from '../../../../client/client.js';
import type { PoolClient } from '../../../../client/pool-client.js';
import { orderRange } from '../../../../cluster/object-placement.js';
import type { PgId } from '../../../../cluster/ids.js';
import type { PgRecord } from '../../../../cluster/pg-record.js';
import { joinCopyMethod } from '../../../../osd/pg/messages.js';
import { PgCopy } from '../../../../osd/pg/pg-copy.js';
import { Term } from '../../../../osd/pg/term.js';
import { blockShiftMin } from '../../../../osd/store/limits.js';
import { openStore } from '../../../../osd/store/open-store.js';
import { objectId, parseObjectKey, showObject } from '../../../../osd/store/object-id.js';
import type { Store } from '../../../../osd/store/store.js';
import { fsck } from '../../../../osd/store/tools/fsck/fsck.js';
import type { Mutation } from '../../../../osd/store/transaction.js';
import { poolCreate } from '../../../../protocol/commands/pool.js';
import { World } from '../../../../runtime/sim/world.js';
import { type Client, MonitorCluster } from '../../../monitor/sim/monitor-cluster.js';
import { SimOsd } from '../../daemon/osd-cluster.js';

export const mebibyte = 2 ** 20;
export const largeName = 'large';
/** Of the object, as it is written. */
export const sliceBytes = mebibyte / 2;
export const sliceCount = 12;
export const objectBytes = sliceCount * sliceBytes;
const keyCount = 20;
const bodyBytes = 40_000;
/** Of all its keys. */
export const omapBytes = keyCount * bodyBytes;
/** To the member that joins: a piece takes a quarter of a second. */
const joinerBytesPerSecond = 4 * mebibyte;

/** Bytes of copies, of all sources, since the scene began. */
export interface CopyCounts {
  sent: number;
  /** Durable at the joiner, as its answer told. */
  answered: number;
}

export interface ResumeScene {
  readonly world: World;
  readonly cluster: MonitorCluster;
  readonly admin: Client;
  readonly osds: readonly SimOsd[];
  readonly joiner: SimOsd;
  readonly pool: PoolClient;
  readonly pg: PgId;
  readonly copied: CopyCounts;
  /** How often what was on its way was lost. */
  cuts: number;
}

export async function inResumeScene(seed: number, run: (scene: ResumeScene) => Promise<void>): Promise<void> {
  const copied: CopyCounts = { sent: 0, answered: 0 };
  const stop = countCopies(copied);
  try {
    // A log that is cut short makes a backfill of what is counted as a catch-up.
    const world = new World({ seed, traceLines: 60, never: ['pg-log-short'] });
    await world.main(async () => {
      const cluster = await MonitorCluster.found(world, { monitors: 1 });
      const admin = await cluster.client();
      const osds: SimOsd[] = [];
      const mkfs = { capacityBytes: 64 * mebibyte, segmentBytes: 4 * mebibyte };
      for (let id = 0; id < 3; id++) osds.push(await SimOsd.make(cluster, admin, { id, host: `host-${id}`, mkfs }));
      for (const osd of osds) osd.start();
      await cluster.until('all OSDs serve', 20_000, () => osds.every((osd) => osd.isServing()));
      await admin.session.change(
        poolCreate,
        { name: 'data', size: 3, minSize: 1, pgNum: 1, confirmed: true },
        admin.within(10_000),
      );
      await world.machine('client').start('client', async (runtime) => {
        const client = await CairnClient.connect(runtime, { credentials: cluster.admin, role: 'client' });
        const pool = await client.pool('data');
        const pg = { pool: pool.id, pg: 0 };
        const isWhole = (): boolean => cluster.newestMap.records.get(pg)?.acting.length === 3;
        await cluster.until('the PG has all its members', 20_000, isWhole);
        const last = cluster.newestMap.records.get(pg)?.acting.at(-1)?.osd;
        const joiner = osds.find(({ id }) => id === last) ?? assert.fail();
        await run({ world, cluster, admin, osds, joiner, pool, pg, copied, cuts: 0 });
        await client.close();
      }).finished;
    });
  } finally {
    stop();
  }
}

/** Returns what ends the counting. */
function countCopies(copied: CopyCounts): () => void {
  const { prototype } = Term;
  const before = Object.getOwnPropertyDescriptor(prototype, 'call') ?? assert.fail();
  const call = before.value as Term['call'];
  const counting: Term['call'] = async function (this: Term, to, method, rest, options = {}) {
    const { payload = [] } = options;
    const bytes = method.name === joinCopyMethod.name && Array.isArray(payload) ? totalBytes(payload) : 0;
    copied.sent += bytes;
    const reply = await call.call(this, to, method as never, rest as never, options);
    copied.answered += bytes;
    return reply as never;
  };
  Object.defineProperty(prototype, 'call', { ...before, value: counting });
  return () => Object.defineProperty(prototype, 'call', before);
}

export function recordOf({ cluster, pg }: ResumeScene): PgRecord {
  return cluster.newestMap.records.get(pg) ?? assert.fail();
}

export function primaryOf(scene: ResumeScene): SimOsd {
  const [primary] = recordOf(scene).acting;
  return scene.osds.find(({ id }) => id === primary?.osd) ?? assert.fail();
}

/** Every slice of it differs from every other, and from itself at another time. */
export function slice(i: number, round: number): Uint8Array {
  const bytes = new Uint8Array(sliceBytes);
  for (let at = 0; at < bytes.length; at += 8) bytes[at] = (at >> 3) + i * 7 + round * 31;
  bytes.set(utf8Bytes(`slice ${i} round ${round}`));
  return bytes;
}

export async function writeSlices(
  { pool }: ResumeScene,
  round: number,
  { name = largeName, slices = sliceCount }: { readonly name?: string; readonly slices?: number } = {},
): Promise<void> {
  for (let i = 0; i < slices; i++) await pool.write(name, i * sliceBytes, slice(i, round));
}

export async function writeRest({ pool }: ResumeScene, round: number): Promise<void> {
  for (let i = 0; i < keyCount; i++) {
    const bodies = [[0, slice(i, round).subarray(0, bodyBytes)]] as const;
    await pool.omapSet(largeName, `key-${i}`, { head: utf8Bytes(`head ${i} ${round}`), bodies });
  }
  await pool.setAttributes(largeName, [['name', utf8Bytes(`round ${round}`)]]);
}

/** It is gone from the record: the others go on without it. */
export async function untilAlone(scene: ResumeScene, { id }: SimOsd): Promise<void> {
  await scene.cluster.until(`osd.${id} is out of the PG`, 60_000, () => {
    const { acting, eligible } = recordOf(scene);
    return eligible.length === 0 && acting.length > 0 && acting.every(({ osd }) => osd !== id);
  });
}

/** As a split leaves a copy that was joining, without the object: it is copied by cursor, from the beginning. */
export async function makeItBackfill({ joiner, pg }: ResumeScene): Promise<void> {
  await inStore(joiner, async (store) => {
    const copy = await PgCopy.open(store, pg);
    const object = objectId(pg.pool, { namespace: '', locator: '', name: largeName });
    const mutations: Mutation[] = [{ kind: 'remove', object }, copy.noteJoin({ from: undefined, cursor: '' })];
    await store.apply({ pg, blockShift: blockShiftMin, mutations });
  });
}

/** It comes back, over a slow link. */
export function bringIn({ world, joiner }: ResumeScene): void {
  world.network.setLink({ to: joiner.machine.name }, { bytesPerSecond: joinerBytesPerSecond });
  joiner.start();
}

/** Until so much more of the object arrived at the joiner. */
export async function untilCopied({ cluster, copied }: ResumeScene, bytes: number): Promise<void> {
  const from = copied.answered;
  await cluster.until(`${bytes} more bytes are copied`, 60_000, () => copied.answered >= from + bytes);
}

/** The machine loses power, and with it what was on its way to or from it. */
export function losePower(scene: ResumeScene, osd: SimOsd): void {
  scene.cuts += 1;
  osd.machine.crash();
}

export function bringBack(osd: SimOsd): void {
  osd.machine.restart();
  osd.start();
}

export async function untilWhole(scene: ResumeScene): Promise<void> {
  await scene.cluster.until('the PG is whole', 240_000, () => {
    const { acting, eligible } = recordOf(scene);
    return acting.length === 3 && eligible.length === 0;
  });
}

/** All are stopped: their copies are the same, byte by byte, and nothing of a copy in part is left. `fsck` finds nothing. */
export async function assertSame(scene: ResumeScene): Promise<void> {
  for (const osd of scene.osds) await osd.stop();
  const found: string[][] = [];
  for (const osd of scene.osds) {
    await inStore(osd, async (store) => {
      const copy = await PgCopy.open(store, scene.pg);
      assert.deepEqual([...(await copy.partials()).keys()], [], `osd.${osd.id} has nothing in part`);
      assert.deepEqual(await copy.missing(), []);
      assert.ok(copy.isComplete);
      found.push(await contentOf(store, scene.pg));
    });
    await osd.machine.start('fsck', async (runtime) => {
      const { findings } = await fsck(runtime, osd.directory, { deep: true, pgNums: new Map([[scene.pg.pool, 1]]) });
      assert.deepEqual(
        findings.filter(({ severity }) => severity === 'error'),
        [],
      );
    }).finished;
  }
  for (const other of found.slice(1)) assert.deepEqual(other, found[0]);
}

async function inStore({ machine, directory }: SimOsd, run: (store: Store) => Promise<void>): Promise<void> {
  await machine.start('store', async (runtime) => {
    const store = await openStore(runtime, directory, { prewrite: false });
    await run(store);
    await store.close();
  }).finished;
}

async function contentOf({ objects }: Store, { pg, pool }: PgId): Promise<string[]> {
  const content: string[] = [];
  const walk = objects.objectWalk(pool, orderRange(pg, 1));
  for (let page = await walk.next(100); page.length > 0; page = await walk.next(100)) {
    for (const { key } of page) {
      const object = parseObjectKey(key.slice(1));
      const info = (await objects.stat(object)) ?? assert.fail();
      const data = xxh64(concatBytes(await objects.read(object, 0, info.size)));
      const attributes = Array.from(info.attributes, ([name, value]) => `${name}=${hexText(value)}`);
      const { term, seq } = info.version;
      content.push(`${showObject(object)} ${term}.${seq} ${info.size} ${data.toString(16)} ${attributes.join()}`);
      const omap = objects.omapWalk(object, { from: '' });
      for (let items = await omap.next(100); items.length > 0; items = await omap.next(100)) {
        for (const item of items) {
          const body = await objects.omapBody(object, item.key, 0);
          content.push(`${item.key} ${hexText(item.head)} ${body && xxh64(body).toString(16)}`);
        }
      }
      await omap.close();
    }
  }
  await walk.close();
  return content;
}
