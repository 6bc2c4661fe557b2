/** The structures that map and incrementals are made of. Each stands in a section of its own, so each may grow by itself. */
import type { ByteReader } from '../../base/byte-reader.js';
import type { ByteWriter } from '../../base/byte-writer.js';
import { hexText, viewBuffer } from '../../base/bytes.js';
import { CairnError } from '../../base/errors.js';
import { invariant } from '../../base/invariant.js';
import { wallMs } from '../../base/instants.js';
import { epoch, osdId, osdIdMax, poolId, storeNumber, type PoolId } from '../ids.js';
import { decodeCrushBinary } from '../../crush/binary-codec.js';
import type { CrushMap } from '../../crush/types.js';
import type { ClusterFlag, Entity, MonitorInfo } from '../map.js';
import type { NodeAddress, OsdInfo } from '../osd.js';
import type { Pool, PoolFlag, PoolMode } from '../pool.js';
import type { UpmapItem } from '../upmap.js';
import { hex32, u32Max } from '../check/facts.js';
import { readStructure, writeStructure } from './section.js';

/** Bytes of any one text in the map: four for each of the characters that the checks allow. */
export const textBytesMax = 16 * 1024;
const poolIdMax = 2 ** 31 - 1;

/** Numbers in the formats: never changed, never reused. */
const clusterFlagNumbers: Readonly<Record<ClusterFlag, number>> = {
  noup: 1,
  nodown: 2,
  noin: 3,
  noout: 4,
  nobackfill: 5,
  norebalance: 6,
  norecover: 7,
  noscrub: 8,
  'nodeep-scrub': 9,
  pause: 10,
};
const poolFlagNumbers: Readonly<Record<PoolFlag, number>> = {
  nodelete: 1,
  nosizechange: 2,
  noscrub: 3,
  'nodeep-scrub': 4,
};

export function writeClusterFlag(out: ByteWriter, flag: ClusterFlag): void {
  out.varint(clusterFlagNumbers[flag]);
}

export function readClusterFlag(input: ByteReader): ClusterFlag {
  return numbered(clusterFlagNumbers, input.varint('a flag'), 'flag');
}

/** An fsid or a uuid, 32 hex digits. */
export function writeHex32(out: ByteWriter, text: string): void {
  invariant(hex32.test(text), 'an id has 32 lower-case hex digits');
  out.raw(Buffer.from(text, 'hex'));
}

export function readHex32(input: ByteReader, what: string): string {
  return hexText(viewBuffer(input.viewRaw(16, what)));
}

export function readPoolId(input: ByteReader): PoolId {
  return poolId(input.varint('a pool id', poolIdMax, 1));
}

export function writeMonitor(out: ByteWriter, { name, member, address, role }: MonitorInfo): void {
  writeStructure(out, () => {
    out.text(name);
    out.varint(member);
    writeAddress(out, address);
    out.bool(role === 'voter');
  });
}

export function readMonitor(input: ByteReader): MonitorInfo {
  return readStructure(input, 'a monitor', (body) => ({
    name: body.text('a name', textBytesMax),
    member: body.varint('a member number', u32Max, 1),
    address: readAddress(body),
    role: body.bool('whether it votes') ? 'voter' : 'learner',
  }));
}

export function writeOsd(out: ByteWriter, osd: OsdInfo): void {
  writeStructure(out, () => {
    out.varint(osd.id);
    out.bool(osd.uuid !== undefined);
    if (osd.uuid !== undefined) writeHex32(out, osd.uuid);
    out.varint(osd.store);
    out.varint(osd.boot);
    for (const address of [osd.publicAddress, osd.clusterAddress]) {
      out.bool(address !== undefined);
      if (address !== undefined) writeAddress(out, address);
    }
    out.u8((osd.isUp ? 1 : 0) | (osd.isIn ? 2 : 0) | (osd.isAutoOut ? 4 : 0));
    out.varint(osd.reweight);
    out.varint(osd.capacityBytes);
    out.varint(osd.upFrom);
    out.varint(osd.downAt);
    out.f64(osd.downSince);
    out.text(osd.hostname);
    out.text(osd.version);
    out.varint(osd.features);
  });
}

export function readOsd(input: ByteReader): OsdInfo {
  return readStructure(input, 'an OSD', (body) => {
    const id = osdId(body.varint('an OSD id', osdIdMax));
    const uuid = body.bool('whether it has a store') ? readHex32(body, 'a store uuid') : undefined;
    const store = storeNumber(body.varint('a store number', u32Max, 1));
    const boot = body.varint('a boot counter');
    const publicAddress = body.bool('whether it has a public address') ? readAddress(body) : undefined;
    const clusterAddress = body.bool('whether it has a cluster address') ? readAddress(body) : undefined;
    const states = body.u8('its state');
    if (states > 7) throw body.error(`expected the state of an OSD, 0 to 7, found ${states}`);
    return {
      id,
      uuid,
      store,
      boot,
      publicAddress,
      clusterAddress,
      isUp: (states & 1) !== 0,
      isIn: (states & 2) !== 0,
      isAutoOut: (states & 4) !== 0,
      reweight: body.varint('a reweight', 0x10000),
      capacityBytes: body.varint('a capacity'),
      upFrom: epoch(body.varint('an epoch')),
      downAt: epoch(body.varint('an epoch')),
      downSince: wallMs(body.f64('a time')),
      hostname: body.text('a host name', textBytesMax),
      version: body.text('a version', textBytesMax),
      features: body.varint('features'),
    };
  });
}

export function writePool(out: ByteWriter, pool: Pool): void {
  writeStructure(out, () => {
    out.varint(pool.id);
    out.text(pool.name);
    out.varint(pool.kind === 'replicated' ? 1 : 2);
    out.varint(pool.size);
    out.varint(pool.minSize);
    out.varint(pool.pgNum);
    out.varint(pool.rule);
    writePoolMode(out, pool.mode);
    out.varint(pool.checksumBlockBytes);
    out.varint(pool.requiredFeatures);
    out.varint(pool.quotaBytes);
    out.varint(pool.quotaObjects);
    out.text(pool.application);
    out.varint(pool.flags.length);
    for (const flag of pool.flags) out.varint(poolFlagNumbers[flag]);
    out.varint(pool.createdAt);
  });
}

export function readPool(input: ByteReader): Pool {
  return readStructure(input, 'a pool', (body) => ({
    id: readPoolId(body),
    name: body.text('a name', textBytesMax),
    kind: numbered({ replicated: 1, erasure: 2 }, body.varint('a kind'), 'kind of pool'),
    size: body.varint('a size'),
    minSize: body.varint('a min_size'),
    pgNum: body.varint('a number of PGs'),
    rule: body.varint('a rule'),
    mode: readPoolMode(body),
    checksumBlockBytes: body.varint('a block size'),
    requiredFeatures: body.varint('features'),
    quotaBytes: body.varint('a quota'),
    quotaObjects: body.varint('a quota'),
    application: body.text('an application', textBytesMax),
    flags: list(body, 'flags', 1, () => numbered(poolFlagNumbers, body.varint('a flag'), 'flag of pools')),
    createdAt: epoch(body.varint('an epoch')),
  }));
}

function writePoolMode(out: ByteWriter, mode: PoolMode): void {
  out.varint(mode.kind === 'sync' ? 1 : 2);
  if (mode.kind === 'sync') return;
  out.varint(mode.ackCopies);
  out.varint(mode.maxLagMs);
  out.varint(mode.maxLagBytes);
}

function readPoolMode(input: ByteReader): PoolMode {
  const kind = numbered({ sync: 1, async: 2 }, input.varint('a mode'), 'mode of pools');
  if (kind === 'sync') return { kind };
  return {
    kind,
    ackCopies: input.varint('a number of copies'),
    maxLagMs: input.varint('a lag'),
    maxLagBytes: input.varint('a lag'),
  };
}

export function writeEntity(out: ByteWriter, { name, caps }: Entity): void {
  writeStructure(out, () => {
    out.text(name);
    out.varint(caps.size);
    for (const [service, text] of [...caps].sort(([a], [b]) => (a < b ? -1 : 1))) {
      out.text(service);
      out.text(text);
    }
  });
}

export function readEntity(input: ByteReader): Entity {
  return readStructure(input, 'an entity', (body) => {
    const name = body.text('a name', textBytesMax);
    const caps = list(body, 'caps', 2, () => {
      return [body.text('a service', textBytesMax), body.text('caps', textBytesMax)] as const;
    });
    return { name, caps: new Map(caps) };
  });
}

/** Ceph's binary map, after its length. */
export function readCrush(input: ByteReader): CrushMap {
  const length = input.varint('the length of a CRUSH map');
  return decodeCrushBinary(input.viewRaw(length, 'a CRUSH map'));
}

export function writeUpmapItems(out: ByteWriter, items: readonly UpmapItem[]): void {
  out.varint(items.length);
  for (const { from, to } of items) {
    out.varint(from);
    out.varint(to);
  }
}

export function readUpmapItems(input: ByteReader): UpmapItem[] {
  return list(input, 'upmap items', 2, () => ({
    from: osdId(input.varint('an OSD id', osdIdMax)),
    to: osdId(input.varint('an OSD id', osdIdMax)),
  }));
}

/** As many as the count before them says, which is checked against what is left: each takes at least `bytesEach`. */
export function list<T>(input: ByteReader, what: string, bytesEach: number, read: () => T): T[] {
  const count = input.count(what, bytesEach);
  const values: T[] = [];
  for (let i = 0; i < count; i += 1) values.push(read());
  return values;
}

function writeAddress(out: ByteWriter, { host, port }: NodeAddress): void {
  out.text(host);
  out.varint(port);
}

function readAddress(input: ByteReader): NodeAddress {
  return { host: input.text('a host', textBytesMax), port: input.varint('a port', 65_535) };
}

/** A number that is unknown here is a name of a later version's. */
function numbered<Name extends string>(numbers: Readonly<Record<Name, number>>, number: number, what: string): Name {
  for (const name of Object.keys(numbers) as Name[]) if (numbers[name] === number) return name;
  const message = `${what} ${number} is of a later version; upgrade this daemon`;
  throw new CairnError('VERSION_MISMATCH', message, { details: { what, number } });
}
