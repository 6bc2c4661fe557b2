import { hasFeatures, missingFeatures } from '../features.js';
import { osdIdMax } from '../ids.js';
import type { OsdInfo } from '../osd.js';
import { checkAddress } from './check-address.js';
import { fits, hex32, isCounter, isIntegerWithin, isLine, u32Max, valid } from './facts.js';

const reweightMax = 0x10000;
const lineMax = 255;

/** What holds for an OSD by itself. Throws `INVALID_ARGUMENT`. */
export function checkOsd(osd: OsdInfo): void {
  const name = `osd.${osd.id}`;
  valid(isIntegerWithin(osd.id, 0, osdIdMax), () => `OSDs are numbered from 0 to ${osdIdMax}, not ${osd.id}`);
  valid(
    osd.uuid === undefined || hex32.test(osd.uuid),
    () => `${name} has a malformed store uuid; give 32 lower-case hex digits, or none`,
  );
  valid(
    isIntegerWithin(osd.store, 1, u32Max),
    () => `${name} has store number ${osd.store}; give one from 1 to 2^32-1`,
  );
  for (const [field, value] of [
    ['boot', osd.boot],
    ['capacityBytes', osd.capacityBytes],
    ['upFrom', osd.upFrom],
    ['downAt', osd.downAt],
    ['features', osd.features],
  ] as const) {
    valid(isCounter(value), () => `${name} has ${field} ${value}; give a whole number from 0 to 2^53-1`);
  }
  valid(
    isIntegerWithin(osd.reweight, 0, reweightMax),
    () => `${name} has reweight ${osd.reweight / reweightMax}; give one from 0 to 1, in steps of 1/65536`,
  );
  valid(Number.isFinite(osd.downSince), () => `${name} has no finite downSince; give milliseconds since 1970, or 0`);
  valid(
    isLine(osd.hostname, lineMax) && isLine(osd.version, lineMax),
    () => `${name} has a host name or version that is no line of up to ${lineMax} characters; shorten it`,
  );
  if (osd.publicAddress !== undefined) checkAddress(osd.publicAddress, name);
  if (osd.clusterAddress !== undefined) checkAddress(osd.clusterAddress, name);
  checkState(osd, name);
}

function checkState(osd: OsdInfo, name: string): void {
  valid(!osd.isAutoOut || !osd.isIn, () => `${name} is in, so it cannot be out by itself; clear isAutoOut`);
  if (!osd.isUp) return;
  const isRegistered = osd.uuid !== undefined && osd.boot > 0;
  const isReachable = osd.publicAddress !== undefined && osd.clusterAddress !== undefined;
  valid(isRegistered && isReachable, () => `${name} is up without a registered store and both addresses; register it`);
}

/**
 * From one map to the next. Compared are any two that follow each other, so `before` may be several changes back: all of
 * it is transitive. Throws `CONFLICT`.
 */
export function checkOsdSuccession(before: OsdInfo, after: OsdInfo): void {
  const name = `osd.${after.id}`;
  fits(after.store >= before.store, () => `${name} would get the earlier store number ${after.store}; take a new one`);
  if (after.store !== before.store) return;
  fits(after.boot >= before.boot, () => `${name} would go back to boot ${after.boot}; register with a new store`);
  if (after.uuid === undefined || after.uuid === before.uuid) return;
  // A number whose store never registered was never a member of anything.
  const isFirst = before.uuid === undefined && before.boot === 0;
  fits(isFirst, () => `${name} has another store under number ${after.store}; a new store takes a new number`);
}

/** An OSD that cannot read what is in use takes part in nothing. Throws `CONFLICT`. */
export function checkOsdFeatures(osd: OsdInfo, required: number): void {
  fits(!osd.isUp || hasFeatures(osd.features, required), () => {
    const lacking = missingFeatures(osd.features, required).toString(2);
    return `osd.${osd.id} is up but lacks required features (bits ${lacking}); upgrade it first`;
  });
}

/** Of all OSDs together. Throws `CONFLICT`. */
export function checkStoreNumbers(osds: Iterable<OsdInfo>): void {
  const owners = new Map<number, number>();
  for (const { id, store } of osds) {
    const owner = owners.get(store);
    fits(owner === undefined, () => `osd.${owner} and osd.${id} share store number ${store}; give each its own`);
    owners.set(store, id);
  }
}
