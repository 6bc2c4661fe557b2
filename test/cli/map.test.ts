/** `cairn map …`. */
import assert from 'node:assert/strict';
import { decodeMap, encodeMap } from '../../cluster/codec/map-codec.js';
import { registerMapCommands } from '../../monitor/commands/map.js';
import { CommandTable } from '../../monitor/commands/types.js';
import { mapPieceBytes } from '../../protocol/commands/map.js';
import { LocalCluster } from '../monitor/commands/local-cluster.js';
import { type CliRun, cli } from './fake-context.js';

describe('cairn map', () => {
  let cluster: LocalCluster;
  let old: Map<number, Uint8Array>;
  const run = (...args: string[]): Promise<CliRun> => cli(['map', ...args], {}, { client: cluster.as() });

  beforeEach(() => {
    old = new Map();
    const table = new CommandTable();
    registerMapCommands(table, { encoded: async (epoch) => old.get(epoch) });
    cluster = new LocalCluster({ table });
    cluster.apply({ kind: 'config', key: 'global/log_level', value: 'debug' });
  });

  it('get writes the newest map, as daemons exchange it', async () => {
    const got = await run('get', '-o', 'map.bin');
    const bytes = got.files.get('map.bin') ?? new Uint8Array(0);
    assert.deepEqual(bytes, new Uint8Array(encodeMap(cluster.map)));
    assert.equal(got.stderr, `wrote epoch 2, ${bytes.byteLength} bytes, to map.bin\n`);
  });

  it('get puts together a map of many pieces, though it changes meanwhile', async () => {
    const caps = new Map([['osd', `allow rw pool=${'x'.repeat(100)}`]]);
    const entities = Array.from({ length: 12_000 }, (_, i) => ({ name: `client.c${i}`, caps }));
    cluster.apply(...entities.map((entity) => ({ kind: 'entity' as const, entity })));
    const { map } = cluster;
    const client = cluster.as();
    const changing: typeof client = {
      ...client,
      query: async (command, args, wait) => {
        const answer = await client.query(command, args, wait);
        cluster.apply({
          kind: 'config',
          key: 'global/log_level',
          value: cluster.map.epoch % 2 === 0 ? 'info' : 'warn',
        });
        return answer;
      },
    };
    const got = await cli(['map', 'get', '-o', 'm'], {}, { client: changing });
    assert.equal(got.stderr.startsWith(`wrote epoch ${map.epoch}, `), true, got.stderr);
    const bytes = got.files.get('m') ?? new Uint8Array(0);
    assert.ok(bytes.byteLength > 2 * mapPieceBytes);
    assert.equal(decodeMap(bytes).epoch, map.epoch);
  });

  it('get finds an earlier epoch where it is kept, and says so where it is not', async () => {
    const first = encodeMap(cluster.map);
    old.set(2, first);
    cluster.apply({ kind: 'config', key: 'global/log_level', value: undefined });
    assert.deepEqual((await run('get', '--epoch', '2', '-o', 'm')).files.get('m'), new Uint8Array(first));
    assert.equal(
      (await run('get', '--epoch', '1', '-o', 'm')).stderr,
      'cairn: epoch 1 is not kept any more; leave --epoch out for epoch 3\n',
    );
    assert.equal(
      (await run('get', '--epoch', '9', '-o', 'm')).stderr,
      'cairn: epoch 9 is yet to come; the map is at epoch 3\n',
    );
  });

  it('dump prints the map as JSON, from the cluster and from a file alike', async () => {
    const { stdout } = await run('dump', '--json');
    const dumped = JSON.parse(stdout) as Record<string, unknown>;
    assert.equal(dumped['epoch'], 2);
    assert.deepEqual(dumped['config'], { 'global/log_level': 'debug' });
    assert.deepEqual(dumped['entities'], [{ name: 'client.admin', caps: { mon: 'allow *', osd: 'allow *' } }]);
    assert.match(String(dumped['crush']), /^# begin crush map\n/);
    const file = await cli(['map', 'dump', '--input', 'm'], { m: new Uint8Array(encodeMap(cluster.map)) });
    assert.equal(file.stdout, stdout);
  });

  it('dump --pgs is JSON too', async () => {
    const plain = JSON.parse((await run('dump')).stdout) as object;
    assert.deepEqual(JSON.parse((await run('dump', '--pgs')).stdout), { ...plain, pgs: [] });
  });

  it('dump refuses a file that is damaged', async () => {
    const bytes = new Uint8Array(encodeMap(cluster.map));
    bytes[40] = (bytes[40] ?? 0) ^ 1;
    const refused = await cli(['map', 'dump', '--input', 'm'], { m: bytes });
    assert.deepEqual([refused.code, refused.stdout], [1, '']);
    assert.match(
      refused.stderr,
      /^cairn: m is not the whole of a cluster map \([^\n]+\); name a file that `cairn map get` wrote\n$/,
    );
  });
});
