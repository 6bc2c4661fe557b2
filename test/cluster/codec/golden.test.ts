/** The bytes of format version 1: what was stored and sent once stays readable, and stays what is written. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { wallMs } from '../../../base/instants.js';
import type { Incremental, MapChange } from '../../../cluster/change.js';
import { decodeIncremental, encodeIncremental } from '../../../cluster/codec/incremental-codec.js';
import { decodeMap, encodeMap } from '../../../cluster/codec/map-codec.js';
import { epoch, osdId, poolId, storeNumber } from '../../../cluster/ids.js';
import { entity, fsid, members, monitor, osd, pool, record, recordsChange, smallMap } from '../samples.js';

/** Lines of 32 bytes in hex. */
function golden(name: string): string {
  return readFileSync(new URL(`../../../../test/cluster/golden/${name}`, import.meta.url), 'utf8');
}

function hexLines(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.byteLength; at += 32)
    lines.push(Buffer.from(bytes.subarray(at, at + 32)).toString('hex'));
  return `${lines.join('\n')}\n`;
}

function bytesOf(hex: string): Uint8Array {
  return Buffer.from(hex.replaceAll('\n', ''), 'hex');
}

const map = smallMap();
const asyncMode = { kind: 'async', ackCopies: 2 } as const;
const changes: readonly MapChange[] = [
  { kind: 'monitor', monitor: monitor('d', 4, { role: 'learner' }) },
  { kind: 'monitor-removed', name: 'a' },
  { kind: 'osd', osd: osd(2) },
  {
    kind: 'osd',
    osd: osd(300, {
      uuid: undefined,
      store: storeNumber(2 ** 32 - 1),
      boot: 0,
      publicAddress: undefined,
      clusterAddress: undefined,
      isUp: false,
      isIn: false,
      isAutoOut: true,
      reweight: 0x8000,
      downAt: epoch(2 ** 53 - 1),
      downSince: wallMs(1_700_000_000_000.5),
      hostname: 'größe',
      features: 2 ** 52 + 1,
    }),
  },
  { kind: 'osd-removed', id: osdId(2 ** 24 - 1) },
  { kind: 'crush', crush: map.crush },
  {
    kind: 'pool',
    pool: pool(2, {
      mode: { kind: 'async', ackCopies: 1, maxLagMs: 5000, maxLagBytes: 2 ** 33 },
      quotaBytes: 2 ** 40,
      quotaObjects: 7,
      requiredFeatures: 8,
      flags: ['nodelete', 'nosizechange', 'noscrub', 'nodeep-scrub'],
    }),
  },
  { kind: 'pool-removed', id: poolId(3) },
  recordsChange(1, [
    [0, record(0, [])],
    [1, record(1, members(0, 1, 2))],
    [65_535, record(2 ** 53 - 1, members(3), { eligible: members(1, 2), mode: asyncMode })],
  ]),
  { kind: 'upmap', pg: { pool: poolId(1), pg: 200 }, items: [{ from: osdId(1), to: osdId(2) }] },
  { kind: 'upmap', pg: { pool: poolId(1), pg: 3 }, items: [] },
  ...(
    ['noup', 'nodown', 'noin', 'noout', 'nobackfill', 'norebalance', 'norecover', 'noscrub', 'nodeep-scrub'] as const
  ).map((flag): MapChange => ({ kind: 'flag', flag, isSet: true })),
  { kind: 'flag', flag: 'pause', isSet: false },
  { kind: 'config', key: 'osd.3/log_level', value: 'debug' },
  { kind: 'config', key: 'global/a', value: '' },
  { kind: 'config', key: 'global/b', value: undefined },
  { kind: 'entity', entity: entity('client.x', { mon: 'allow r', osd: 'allow rw pool=a' }) },
  { kind: 'entity-removed', name: 'client.y' },
  { kind: 'required-features', features: 2 ** 52 },
  { kind: 'numbers', storeLast: 9, poolLast: 300, memberLast: 70_000 },
];
const incremental: Incremental = { epoch: epoch(1000), fsid, changedAt: wallMs(1_700_000_123_456.25), changes };

describe('the bytes of version 1', () => {
  it('of a map are written and read as ever', () => {
    assert.equal(hexLines(encodeMap(map)), golden('map-v1.hex'));
    const read = decodeMap(bytesOf(golden('map-v1.hex')));
    assert.deepEqual({ ...read, records: undefined }, { ...map, records: undefined });
    for (let pg = 0; pg < 8; pg += 1) {
      const id = { pool: poolId(1), pg };
      assert.deepEqual(read.records.get(id), map.records.get(id));
    }
  });

  it('of an incremental with every kind of change are written and read as ever', () => {
    assert.equal(hexLines(encodeIncremental(incremental)), golden('incremental-v1.hex'));
    assert.deepEqual(decodeIncremental(bytesOf(golden('incremental-v1.hex'))), incremental);
  });
});
