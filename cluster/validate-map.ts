/**
 * What holds for every map by itself, whoever made it: asked of each full map that is read, and in tests after every
 * change. `applyIncremental` keeps all of it by checking only what changes. What holds between two maps of one cluster
 * is `checkSuccession`'s.
 */
import { runSteps, type Steps } from '../base/steps.js';
import { checkCrushMap } from '../crush/check-map.js';
import { checkPoolRule } from './check/check-crush.js';
import { checkMonitor, checkMonitors } from './check/check-monitor.js';
import { checkOsd, checkOsdFeatures, checkStoreNumbers } from './check/check-osd.js';
import { checkPgRecord } from './check/check-pg-record.js';
import { checkPool, checkPoolNames } from './check/check-pool.js';
import { checkConfigEntry, checkEntity, checkFlag } from './check/check-texts.js';
import { allUpmaps, checkUpmapItems, checkUpmapTargets } from './check/check-upmap.js';
import { existing, fits, hex32, isCounter, valid } from './check/facts.js';
import type { ClusterMap } from './map.js';
import type { Pool } from './pool.js';
import { isSorted } from './sorted-draft.js';

const recordsPerStep = 4096;
const entriesPerStep = 1024;

/** Throws `INVALID_ARGUMENT` or `CONFLICT`, saying what is wrong. */
export function validateMap(map: ClusterMap): void {
  runSteps(validateMapSteps(map));
}

/** As `validateMap`, in steps of about a millisecond. */
export function* validateMapSteps(map: ClusterMap): Steps<void> {
  checkHead(map);
  checkOrder(map);
  checkMonitors(map.monitors);
  yield* each(map.monitors, (monitor, name) => {
    checkMonitor(monitor);
    checkKey(name, monitor.name);
    fits(monitor.member <= map.memberLast, () => `mon.${name} has member number ${monitor.member}, not given out yet`);
  });
  yield* checkOsds(map);
  checkCrushMap(map.crush);
  yield;
  checkPoolNames(map.pools.values());
  for (const [id, pool] of map.pools) {
    checkPool(pool);
    checkKey(id, pool.id);
    checkPoolRule(pool, map.crush);
    fits(id <= map.poolLast, () => `pool ${pool.name} has number ${id}, not given out yet`);
    fits(pool.createdAt <= map.epoch, () => `pool ${pool.name} was made in epoch ${pool.createdAt}, still to come`);
    yield* checkRecords(map, pool);
  }
  checkRecordCount(map);
  yield* each([...allUpmaps(map.upmaps)], (items, pg) => {
    checkUpmapItems(pg, items);
    valid(items.length > 0, () => 'an upmap without items is none; leave it out');
    checkUpmapTargets(pg, items, map);
  });
  for (const flag of map.flags) checkFlag(flag);
  yield* each(map.config, (value, key) => checkConfigEntry(key, value));
  yield* each(map.entities, (entity, name) => {
    checkEntity(entity);
    checkKey(name, entity.name);
  });
}

function checkHead(map: ClusterMap): void {
  valid(isCounter(map.epoch) && map.epoch >= 1, () => `a map's epoch is 1 or more, not ${map.epoch}`);
  valid(hex32.test(map.fsid), () => 'an fsid has 32 lower-case hex digits');
  const hasTimes = Number.isFinite(map.createdAt) && Number.isFinite(map.changedAt);
  valid(hasTimes && map.changedAt >= map.createdAt, () => 'a map changes at a finite time, not before it was made');
  for (const number of [map.requiredFeatures, map.storeLast, map.poolLast, map.memberLast]) {
    valid(isCounter(number), () => `the map has the number ${number} where 0 to 2^53-1 is allowed`);
  }
}

/** Equal maps iterate alike, whatever way they came about. */
function checkOrder({ monitors, osds, pools, upmaps, config, entities }: ClusterMap): void {
  const collections = [monitors, osds, pools, upmaps, config, entities, ...upmaps.values()];
  for (const collection of collections) {
    valid(isSorted(collection.keys()), () => 'a collection of the map is not in order of its keys; sort it');
  }
}

function* checkOsds(map: ClusterMap): Steps<void> {
  checkStoreNumbers(map.osds.values());
  yield* each(map.osds, (osd, id) => {
    checkOsd(osd);
    checkKey(id, osd.id);
    checkOsdFeatures(osd, map.requiredFeatures);
    fits(osd.store <= map.storeLast, () => `osd.${id} has store number ${osd.store}, not given out yet`);
    fits(
      osd.upFrom <= map.epoch && osd.downAt <= map.epoch,
      () => `osd.${id} came up or went down after epoch ${map.epoch}`,
    );
  });
}

function* checkRecords(map: ClusterMap, pool: Pool): Steps<void> {
  for (let number = 0; number < pool.pgNum; number += 1) {
    const pg = { pool: pool.id, pg: number };
    const record = existing(map.records.get(pg), () => `pool ${pool.name} lacks the record of PG ${number}`);
    checkPgRecord(pg, record);
    for (const members of [record.acting, record.eligible]) {
      for (const { osd, store } of members) {
        fits(store <= map.storeLast, () => `a member on osd.${osd} has store number ${store}, not given out yet`);
      }
    }
    if (number % recordsPerStep === recordsPerStep - 1) yield;
  }
}

function checkRecordCount({ pools, records }: ClusterMap): void {
  let count = 0;
  for (const { pgNum } of pools.values()) count += pgNum;
  fits(records.count === count, () => `the map has ${records.count} records for ${count} PGs`);
}

function checkKey(key: number | string, own: number | string): void {
  valid(key === own, () => `${own} is stored under ${key}; store it under its own name`);
}

function* each<K, V>(entries: Iterable<readonly [K, V]>, check: (value: V, key: K) => void): Steps<void> {
  let sinceStep = 0;
  for (const [key, value] of entries) {
    check(value, key);
    sinceStep += 1;
    if (sinceStep < entriesPerStep) continue;
    sinceStep = 0;
    yield;
  }
}
