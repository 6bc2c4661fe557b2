/**
 * An OSD starts and registers (PG-PROTOCOL.md section 1, "Registration").
 *
 * Its store counts its starts: it writes `boot + 1` durably, then registers (uuid, boot). The map holds the highest counter
 * it accepted, so that an image of the disk from before cannot pass for the disk:
 *
 * | uuid                      | boot counter     | it is                                                             |
 * | ------------------------- | ---------------- | ----------------------------------------------------------------- |
 * | that of the OSD it names  | higher           | the same store after a restart: still a member of its PGs         |
 * | that of the OSD it names  | equal or lower   | a restored image: refused; it takes a new uuid and joins as empty |
 * | that of another OSD       |                  | a disk in the wrong slot: refused, with the right id              |
 * | known to nobody           |                  | a new store: gets a number of its own; the id's old one is gone   |
 *
 * **A repeated attempt takes a counter of its own.** An answer may be lost, and the map cannot tell the second attempt of a
 * process from the first of an image. An OSD that is marked down while it runs registers by a higher counter as well; as the
 * others take that for the end of all its promises and leases, it has to give them up before it asks.
 */
import { CairnError } from '../base/errors.js';
import type { MapChange } from './change.js';
import { epoch, type OsdId, osdId, osdIdMax, type StoreNumber, storeNumber } from './ids.js';
import { type ClusterMap, isGone } from './map.js';
import { nextEpoch, withRecords } from './osd-changes.js';
import type { NodeAddress, OsdInfo } from './osd.js';
import { hasFeatures } from './features.js';
import { markOsds } from './pg/plan-osd-change.js';
import { weightOne } from '../crush/types.js';
import { wallMs } from '../base/instants.js';

export interface Registration {
  /** The id that its store was made for; absent for a new store that wants one. */
  readonly osd?: OsdId | undefined;
  /** 32 hex digits. */
  readonly uuid: string;
  /** Names of this very store that it gave up: it lost a part of what it had promised to keep (PG-PROTOCOL.md section 1). */
  readonly formerly?: readonly string[] | undefined;
  /** From 1. */
  readonly boot: number;
  readonly publicAddress: NodeAddress;
  readonly clusterAddress: NodeAddress;
  readonly capacityBytes: number;
  readonly hostname: string;
  readonly version: string;
  readonly features: number;
}

export interface Registered {
  readonly changes: MapChange[];
  readonly result: { readonly id: OsdId; readonly store: StoreNumber };
}

/** Why a registration was refused: `details.refusal` of the error. */
export type RegistrationRefusal =
  /** The boot counter is not above `details.boot`. Unless this process sent it itself: take a new uuid. */
  | 'restored-image'
  /** The store is that of `details.osd`. */
  | 'wrong-slot'
  /** Another store runs as this OSD. */
  | 'id-in-use'
  /** The old store of this OSD is the last that some PG has. */
  | 'last-copy'
  /** The `noup` flag is set. Try again later. */
  | 'noup';

/**
 * Throws `CONFLICT` with a `RegistrationRefusal`, `VERSION_MISMATCH` for an OSD that lacks a format that the cluster uses, and
 * `INVALID_ARGUMENT`. Nothing of the OSD may take part before the changes are committed and it has applied that map.
 */
export function register(map: ClusterMap, request: Registration): Registered {
  checkRegistration(map, request);
  const known = [...map.osds.values()].find(({ uuid }) => uuid === request.uuid);
  if (known !== undefined) return registerAgain(map, known, request);
  const id = request.osd ?? freeOsdId(map);
  const old = map.osds.get(id);
  if (old?.uuid !== undefined) {
    // The store that gave that name up follows on it at once, whatever the map says: one process has it, and what is left in it
    // may be all that there is.
    if (request.formerly?.includes(old.uuid) === true) checkBoot(old, request);
    else checkReplacement(map, old);
  }
  const store = storeNumber(map.storeLast + 1);
  return accept(map, { ...(old ?? newOsd(id, store)), uuid: request.uuid, store }, request);
}

/**
 * The lowest id that nobody has or could come back for: not in the map, nor in CRUSH, nor the name of an entity. A disk whose
 * OSD was removed still says its old id. It can no longer prove to be `osd.N` once that key is gone, so the id is free then
 * and not before; otherwise it would register as a new store of its successor, whose data would be gone.
 */
export function freeOsdId(map: Pick<ClusterMap, 'osds' | 'crush' | 'entities'>): OsdId {
  const inCrush = new Set(map.crush.devices.keys());
  for (const { items } of map.crush.buckets.values()) for (const item of items) inCrush.add(item.id);
  for (let id = 0; id <= osdIdMax; id += 1) {
    const isFree = !map.osds.has(osdId(id)) && !inCrush.has(id) && !map.entities.has(`osd.${id}`);
    if (isFree) return osdId(id);
  }
  throw new CairnError('CONFLICT', 'all OSD ids are taken; remove OSDs that are not used any more');
}

function registerAgain(map: ClusterMap, known: OsdInfo, request: Registration): Registered {
  const { id } = known;
  if (request.osd !== undefined && request.osd !== id) {
    throw refused('wrong-slot', `this is the store of osd.${id}, not of osd.${request.osd}; start it as osd.${id}`, {
      osd: id,
    });
  }
  checkBoot(known, request);
  return accept(map, known, request);
}

/** A store that gave its name up as well: an image that is older than what the cluster relies on must not end that. */
function checkBoot({ id, boot }: OsdInfo, request: Registration): void {
  if (request.boot > boot) return;
  const what = `boot ${request.boot} of osd.${id} is not after ${boot}: an image of the disk was restored`;
  throw refused('restored-image', `${what}; give the store a new uuid, or if this is a retry, the next boot`, {
    osd: id,
    boot,
  });
}

/**
 * A new store makes the old one gone, for ever. Refused where that cannot be meant: while the old one runs, and while it is
 * the last hope of some PG, which is for `osd lost` to give up, by a person who names the OSD.
 */
function checkReplacement(map: ClusterMap, old: OsdInfo): void {
  const { id } = old;
  if (old.isUp) {
    throw refused('id-in-use', `osd.${id} is up with another store; stop it first, or register under another id`);
  }
  const count = lastCopyCount(map, old);
  if (count === 0) return;
  throw refused(
    'last-copy',
    `the old store of osd.${id} is the last that has ${count} PGs; bring it back, or give it up with \`cairn osd lost ${id}\``,
    { count },
  );
}

function accept(map: ClusterMap, osd: OsdInfo, request: Registration): Registered {
  const comesIn = osd.isAutoOut && !map.flags.has('noin');
  const next: OsdInfo = {
    ...osd,
    boot: request.boot,
    publicAddress: request.publicAddress,
    clusterAddress: request.clusterAddress,
    capacityBytes: request.capacityBytes,
    hostname: request.hostname,
    version: request.version,
    features: request.features,
    isUp: true,
    isIn: osd.isIn || comesIn,
    isAutoOut: osd.isAutoOut && !comesIn,
    upFrom: nextEpoch(map),
  };
  const changes = withRecords(map, [next], { isBoot: true });
  return { changes, result: { id: next.id, store: next.store } };
}

/** Before its first registration. Comes in by that, unless `noin` is set; then it does when the flag is gone and it boots. */
function newOsd(id: OsdId, store: StoreNumber): OsdInfo {
  return {
    id,
    uuid: undefined,
    store,
    boot: 0,
    publicAddress: undefined,
    clusterAddress: undefined,
    isUp: false,
    isIn: false,
    isAutoOut: true,
    reweight: weightOne,
    capacityBytes: 0,
    upFrom: epoch(0),
    downAt: epoch(0),
    downSince: wallMs(0),
    hostname: '',
    version: '',
    features: 0,
  };
}

/** PGs of which the OSD's store is a member and all other members are gone. */
function lastCopyCount(map: ClusterMap, osd: OsdInfo): number {
  const marks = markOsds([osd.id]);
  const cursor = map.records.cursor();
  let count = 0;
  while (cursor.nextMarked(marks, Infinity) === 'found') {
    const { acting, eligible } = cursor.record();
    const left = [...acting, ...eligible].filter((member) => !isGone(map, member));
    if (left.length > 0 && left.every((member) => member.osd === osd.id)) count += 1;
  }
  return count;
}

function checkRegistration(map: ClusterMap, { uuid, boot, features, osd }: Registration): void {
  if (!/^[0-9a-f]{32}$/.test(uuid)) {
    throw new CairnError('INVALID_ARGUMENT', `a store uuid is 32 hex digits, not '${uuid.slice(0, 40)}'`);
  }
  if (!Number.isSafeInteger(boot) || boot < 1) {
    throw new CairnError('INVALID_ARGUMENT', `a boot counter is a whole number from 1, not ${boot}`);
  }
  if (!hasFeatures(features, map.requiredFeatures)) {
    const message = `this OSD lacks formats that the cluster uses (it has ${features}, needed is ${map.requiredFeatures})`;
    throw new CairnError('VERSION_MISMATCH', `${message}; upgrade it`);
  }
  if (map.flags.has('noup')) {
    const name = osd === undefined ? 'this OSD' : `osd.${osd}`;
    throw refused('noup', `${name} may not come up while the noup flag is set; unset it`);
  }
}

function refused(refusal: RegistrationRefusal, message: string, details: Record<string, unknown> = {}): CairnError {
  return new CairnError('CONFLICT', message, { details: { refusal, ...details } });
}
