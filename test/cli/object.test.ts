/** `cairn object …` against fake OSDs in a simulated world, and where an object is by a map. */
import assert from 'node:assert/strict';
import { equalBytes, utf8Bytes } from '../../base/bytes.js';
import { encodeMap } from '../../cluster/codec/map-codec.js';
import type { ClusterMap } from '../../cluster/map.js';
import { osdId, poolId } from '../../cluster/ids.js';
import { summarize } from '../../cli/latency-summary.js';
import { locate } from '../../cli/object-locate.js';
import { addDevice } from '../../crush/edit/devices.js';
import type { MonitorClient } from '../../protocol/monitor-client.js';
import { type FakeCluster, onCluster } from '../client/fake-cluster.js';
import { members, next, newMap, osd, pool, record, recordsChange } from '../cluster/samples.js';
import { cli, type CliOptions, type CliRun } from './fake-context.js';

type Run = (line: string, files?: Record<string, string | Uint8Array>, options?: CliOptions) => Promise<CliRun>;

/** Each line has a client of its own. */
async function inCluster(body: (run: Run, cluster: FakeCluster) => Promise<void>): Promise<void> {
  await onCluster(
    async (cluster) => {
      const runtime = await cluster.runtime();
      const objects = () => cluster.client();
      await body((line, files, options) => cli(line.split(' '), files, { runtime, objects, ...options }), cluster);
    },
    { faults: { stale: 0.02, slowAfter: 0.1, slowMs: 20 } },
  );
}

function good({ code, stderr, stdout, files }: CliRun): CliRun & { readonly code: 0 } {
  assert.equal(code, 0, stderr);
  return { code, stderr, stdout, files } as never;
}

describe('cairn object', function () {
  this.timeout(60_000);

  it('stores files and fetches them, small and large, by name and by pipe', () =>
    inCluster(async (run) => {
      const large = new Uint8Array(9_000_000).map((_byte, index) => index);
      const put = good(await run('object put big big.bin --pool data', { 'big.bin': large }));
      assert.equal(put.stderr, 'wrote 8.6 MiB to big\n');
      const { files } = good(await run('object get big copy.bin -p data'));
      assert.ok(equalBytes(files.get('copy.bin') ?? new Uint8Array(0), large));
      good(await run('rados put note - -p 1 -N home', { '-': 'hello' }));
      assert.equal(good(await run('object get note - -p data -N home')).stdout, 'hello');
      const json = good(await run('object get note n.txt -p data -N home --json')).stdout;
      assert.deepEqual(JSON.parse(json), { name: 'note', namespace: 'home', bytes: 5, file: 'n.txt' });
    }));

  it('shows progress to people', () =>
    inCluster(async (run) => {
      const { stderr } = good(
        await run('object put a a -p data', { a: new Uint8Array(10_000_000) }, { isTerminal: true }),
      );
      assert.match(stderr, /writing: \d+ % of 9\.5 MiB/);
    }));

  it('says what is not there, and what to do', () =>
    inCluster(async (run) => {
      const cases = [
        ['object get a b -p data', /^cairn: .*\n$/],
        ['object stat a -p data', /^cairn: there is no object "a" in pool data; see `cairn object ls --pool data`\n$/],
        ['object rm a -p data', /^cairn: there is no object "a" in pool data/],
        ['object ls -p nope', /^cairn: there is no pool nope; see `cairn pool ls`\n$/],
        ['object put a nothing -p data', /^cairn: there is no file nothing/],
        ['object bench seq -p data', /write some by `cairn object bench write --no-cleanup`\n$/],
        ['object bench write -p data -b 9MiB', /^cairn: --object-size cannot be 9MiB; write 1B to 8MiB\n$/],
        ['object stat a', /--pool/],
      ] as const;
      for (const [line, says] of cases) {
        const { code, stderr, stdout } = await run(line);
        assert.deepEqual([code, stdout], [1, ''], line);
        assert.match(stderr, says);
      }
    }));

  it('lists, shows and removes', () =>
    inCluster(async (run, cluster) => {
      assert.equal(good(await run('object ls -p data --json')).stdout, '[]\n');
      for (const name of ['a', 'b', 'c']) good(await run(`object put ${name} f -p data`, { f: name }));
      good(await run('object put d f -p data -N other', { f: 'd' }));
      const listed = good(await run('object ls -p data')).stdout;
      assert.deepEqual(listed.split('\n').sort(), ['', 'a', 'b', 'c']);
      const all = JSON.parse(good(await run('object ls -p data --all --json')).stdout) as { name: string }[];
      assert.deepEqual(all.map(({ name }) => name).sort(), ['a', 'b', 'c', 'd']);
      const client = await cluster.client();
      await (await client.pool('data')).setAttributes('a', [['colour', utf8Bytes('blue')]]);
      await client.close();
      assert.match(
        good(await run('object stat a -p data')).stdout,
        /^a in pool data: 1 bytes \(1 B\), version 1\.\d+, pg 1\.[0-7]\nattributes: colour\n$/,
      );
      assert.equal(good(await run('object rm a b -p data')).stderr, 'removed 2 objects of pool data\n');
      good(await run('object rm a -f -p data'));
      assert.equal(good(await run('object ls -p data')).stdout, 'c\n');
    }));

  it('measures, and leaves nothing unless it is asked to', () =>
    inCluster(async (run) => {
      const write = good(
        await run('object bench write -p data -s 1.2 -b 10000B -t 4 --json', {}, { isTerminal: true }),
      );
      const result = JSON.parse(write.stdout) as { operations: number; bytes: number; latency_ms: { p50: number } };
      assert.ok(result.operations > 100);
      assert.equal(result.bytes, result.operations * 10_000);
      assert.ok(result.latency_ms.p50 > 0);
      assert.match(write.stderr, /writing: 1 s, \d+ objects, .*MiB\/s now/);
      assert.equal(good(await run('object ls -p data')).stdout, '');
      good(await run('object bench write -p data -s 0.2 -b 10000B --no-cleanup'));
      assert.match(
        good(await run('object bench seq -p data -s 5')).stdout,
        /^mode +seq, objects of 9\.8 KiB, 16 at a time/,
      );
      assert.match(
        good(await run('object bench rand -p data -s 0.2')).stdout,
        /\nlatency +mean .*, p50 .*, p99 .*, max /,
      );
      assert.match(good(await run('object bench cleanup -p data')).stderr, /^removed \d+ objects\n$/);
      assert.equal(good(await run('object ls -p data')).stdout, '');
    }));
});

describe('cairn object locate', () => {
  it('explains each step from the name to the OSDs', async () => {
    const map = mapOfHosts();
    const { pg } = locate(map, 'data', { namespace: '', locator: '', name: 'a' });
    const piece = { epoch: map.epoch, bytes: encodeMap(map), totalBytes: encodeMap(map).byteLength };
    const client = {
      query: () => Promise.resolve({ result: piece, epoch: map.epoch, isStale: false }),
      close: () => Promise.resolve(),
    } as unknown as MonitorClient;
    const { stdout } = good(await cli(['object', 'locate', 'a', '--pool', 'data'], {}, { client }));
    const lines = stdout.split('\n');
    const text = (title: string): string => lines.find((line) => line.startsWith(title))?.slice(13) ?? '';
    assert.match(text('hash'), /^0x[0-9a-f]{8}, /);
    assert.equal(text('pg'), `${pg}, the hash modulo 8 PGs`);
    assert.match(text('rule'), /^replicated_rule \(0\), for 3 copies$/);
    assert.match(
      stdout,
      /\n +take default\n +chooseleaf firstn 0 type host +h\d > osd\.\d, h\d > osd\.\d, h\d > osd\.\d\n/,
    );
    assert.match(text('exceptions'), /^osd\.\d -> osd\.\d$/);
    assert.match(text('acting'), /^\[2,0\] in term 5: where it is; osd\.2 leads$/);
    assert.match(text('osd.2'), /^up, in {2}10\.0\.1\.2:6800 {2}root=default host=h2$/);
    const json = good(await cli(['object', 'map', 'a', '--pool', '1', '--json'], {}, { client })).stdout;
    const { chosen, up, upmaps } = JSON.parse(json) as ReturnType<typeof locate>;
    assert.equal(chosen.length, 3);
    const [moved] = upmaps;
    assert.deepEqual(
      up,
      chosen.map((one) => (one === moved?.from ? moved.to : one)),
    );
  });
});

/** Five hosts with an OSD each, pool 1, and one exception for the PG of object `a`. */
function mapOfHosts(): ClusterMap {
  const base = newMap();
  let { crush } = base;
  for (let id = 0; id < 5; id++) {
    const location = new Map([
      ['root', 'default'],
      ['host', `h${id}`],
    ]);
    crush = addDevice(crush, { id, weight: 0x10000, location });
  }
  const map = next(
    base,
    { kind: 'crush', crush },
    ...[0, 1, 2, 3, 4].map((id) => ({ kind: 'osd', osd: osd(id) }) as const),
    { kind: 'pool', pool: pool(1, { name: 'data' }) },
    recordsChange(
      1,
      Array.from({ length: 8 }, (_, pg) => [pg, record(5, members(2, 0))] as const),
    ),
  );
  const { pg, chosen } = locate(map, 'data', { namespace: '', locator: '', name: 'a' });
  const to = [0, 1, 2, 3, 4].find((id) => !chosen.includes(id)) ?? 0;
  const number = Number.parseInt(pg.split('.')[1] ?? '', 16);
  const items = [{ from: osdId(chosen[0] ?? 0), to: osdId(to) }];
  return next(map, { kind: 'upmap', pg: { pool: poolId(1), pg: number }, items });
}

describe('a summary of latencies', () => {
  it('has ranks that were measured', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    assert.deepEqual(summarize(hundred), { mean: 50.5, p50: 50, p90: 90, p99: 99, max: 100 });
    assert.deepEqual(summarize([7]), { mean: 7, p50: 7, p90: 7, p99: 7, max: 7 });
    assert.deepEqual(summarize([]), { mean: 0, p50: 0, p90: 0, p99: 0, max: 0 });
  });
});
