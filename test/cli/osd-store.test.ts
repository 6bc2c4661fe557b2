/** The commands that work on an OSD's data directory while it does not run, on a real one. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mkfs } from '../../osd/store/mkfs.js';
import { segmentKey } from '../../osd/store/format/index-key.js';
import { decodeSegmentInfo, encodeSegmentInfo } from '../../osd/store/segments/segment-table.js';
import type { Runtime } from '../../runtime/runtime.js';
import { makeStore, onDisk } from '../osd/store/tools/made-store.js';
import { cli, type CliRun } from './fake-context.js';

type Run = (...args: string[]) => Promise<CliRun>;

async function withStore(body: (run: Run, runtime: Runtime, directory: string) => Promise<void>): Promise<void> {
  await onDisk(async (runtime, directory) => {
    const { store } = await makeStore(runtime, directory, { seed: 3, operations: 120 });
    await store.close();
    await body((...args) => cli(['osd', ...args, '--dir', directory], {}, { runtime }), runtime, directory);
  });
}

describe('cairn osd mkfs', () => {
  it('makes a store once, and says what it made', async () => {
    await onDisk(async (runtime, directory) => {
      const args = ['osd', 'mkfs', '--dir', directory, '--osd', 'osd.3', '--size', '64MiB', '--segment-size', '1MiB'];
      const made = await cli([...args, '--json'], {}, { runtime });
      assert.equal(made.code, 0, made.stderr);
      const { osd, capacity_bytes, segments } = JSON.parse(made.stdout) as Record<string, number>;
      assert.deepEqual([osd, capacity_bytes, segments], [3, 64 * 2 ** 20, 57]);
      const again = await cli(args, {}, { runtime });
      assert.equal(again.code, 1);
      assert.match(again.stderr, /^cairn: .*holds a store already; .*\n$/);
    });
  });

  it('refuses what cannot be', async () => {
    await onDisk(async (runtime, directory) => {
      const run = (...args: string[]): Promise<CliRun> => cli(['osd', 'mkfs', ...args], {}, { runtime });
      assert.match((await run('--osd', '3')).stderr, /^cairn: name the OSD's data directory with --dir DIR/);
      assert.match((await run('--osd', 'x', '--dir', directory)).stderr, /no OSD/);
      assert.match((await run('--osd', '3', '--dir', directory, '--size', '5MB')).stderr, /no size/);
      assert.match((await run('--osd', '3', '--dir', directory, '--size', '1MiB')).stderr, /too few for a store/);
    });
  });
});

describe('cairn osd fsck', () => {
  it('ends with 0 for a sound store', async () => {
    await withStore(async (run) => {
      const { code, stdout, stderr } = await run('fsck', '--deep');
      assert.equal(code, 0, stderr);
      assert.match(stdout, /\n0 errors, 0 warnings\n$/);
      const json = JSON.parse((await run('fsck', '--json')).stdout) as { errors: number; objects: number };
      assert.equal(json.errors, 0);
      assert.ok(json.objects > 0);
    });
  });

  it('ends with 1 and what to do, then mends', async () => {
    await withStore(async (run, runtime, directory) => {
      const kv = await runtime.kv.open(join(directory, 'index'));
      const info = decodeSegmentInfo((await kv.get(segmentKey(0))) ?? assert.fail());
      const value = encodeSegmentInfo({ ...info, liveBytes: info.liveBytes + 1 });
      await kv.batch([{ type: 'put', key: segmentKey(0), value }], { sync: true });
      await kv.close();
      const found = await run('fsck');
      assert.equal(found.code, 1);
      assert.match(found.stdout, /^error live-bytes: segment 0 /);
      assert.match(
        found.stderr,
        /^cairn: .* is damaged \(1 errors, the first: live-bytes\); run it again with --repair\n$/,
      );
      const mended = await run('fsck', '--repair');
      assert.equal(mended.code, 0, mended.stderr);
      assert.match(mended.stdout, /\nrepair: done\n/);
      assert.equal((await run('fsck')).code, 0);
      await rm(join(directory, 'index'), { recursive: true });
      assert.match((await run('fsck')).stderr, /run cairn osd fsck --salvage --dir/);
    });
  });
});

describe('cairn osd fsck --salvage', () => {
  it('makes a new store of the segments, and lists what it found', async () => {
    await withStore(async (run, runtime, directory) => {
      await rm(join(directory, 'index'), { recursive: true });
      assert.match((await run('fsck', '--salvage')).stderr, /name an empty directory for it with --to DIR/);
      const to = `${directory}.new`;
      const { code, stdout, stderr } = await run('fsck', '--salvage', '--to', to);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /pool 1 object "ns\/object 0": \d+ bytes/);
      assert.match(stdout, /\n\d+ batches were found, 0 before the last of them are recycled or lost\n/);
      const checked = await cli(['osd', 'fsck', '--deep', '--dir', to], {}, { runtime });
      assert.equal(checked.code, 0, checked.stdout);
    });
  });
});

describe('cairn osd dump-store', () => {
  it('shows superblock, segments, batches, PGs, a log and an object, as text and JSON', async () => {
    await withStore(async (run) => {
      const store = JSON.parse((await run('dump-store', '--json')).stdout) as {
        superblock: { osd: number };
        pgs: number;
      };
      assert.equal(store.superblock.osd, 3);
      const text = (await run('dump-store')).stdout;
      assert.match(text, /^superblock: \{"uuid":"[-0-9a-f]{36}"/);
      assert.match(text, /\ncheckpoint: /);
      const list = async (...args: string[]): Promise<Record<string, unknown>[]> => {
        const { code, stdout, stderr } = await run('dump-store', ...args, '--json');
        assert.equal(code, 0, stderr);
        const lines = (await run('dump-store', ...args)).stdout.split('\n').length - 1;
        const facts = JSON.parse(stdout) as Record<string, unknown>[];
        assert.equal(lines, facts.length);
        return facts;
      };
      assert.ok((await list('--segments')).length > 0);
      const [header = assert.fail(), ...batches] = await list('--segment', '0');
      assert.equal((header['header'] as { segment: number }).segment, 0);
      assert.ok(batches.length > 20 && batches.every((fact) => typeof fact['batch'] === 'number'));
      const pgs = await list('--pgs');
      assert.equal(pgs.length, store.pgs);
      assert.deepEqual(await list('--parked'), []);
      const withLog = pgs.find((pg) => Number(pg['logEntries']) > 0) ?? assert.fail();
      assert.ok((await list('--pg-log', String(withLog['pg']))).every((entry) => Array.isArray(entry['touched'])));
      const names = Array.from({ length: 14 }, (_, i) => `object ${i}`);
      let found = 0;
      for (const [i, name] of names.entries()) {
        const args = ['--object', name, '--pool', String(1 + (i % 2)), '--namespace', i % 5 === 0 ? 'ns' : ''];
        const { code, stderr } = await run('dump-store', ...args, '--json');
        if (code === 0) found += (await list(...args)).length;
        else assert.match(stderr, /does not exist in this store/);
      }
      assert.ok(found > 10);
      assert.match((await run('dump-store', '--pgs', '--segments')).stderr, /one thing at a time/);
      assert.match((await run('dump-store', '--object', 'x')).stderr, /name the pool of the object with --pool N/);
      assert.match((await run('dump-store', '--segment', '999')).stderr, /the store has segments 0 to/);
    });
  });
});

describe('cairn osd export-pg and import-pg', () => {
  it('carry a PG from one store to another', async () => {
    await withStore(async (run, runtime, directory) => {
      const pgs = ['1.0', '1.1', '1.2', '1.3'];
      const target = `${directory}.other`;
      await mkfs(runtime, target, { osd: 4, capacityBytes: 64 * 2 ** 20, segmentBytes: 2 ** 20 });
      let done = 0;
      for (const pg of pgs) {
        const file = `${directory}.${pg}`;
        const exported = await run('export-pg', pg, '--pg-num', '4', '--out', file, '--json');
        if (exported.code === 1) {
          assert.match(exported.stderr, /^cairn: the store has nothing of PG /);
          continue;
        }
        const counts = JSON.parse(exported.stdout) as { objects: number; skipped: number };
        assert.equal(counts.skipped, 0);
        const args = ['osd', 'import-pg', file, '--dir', target];
        const imported = await cli([...args, '--json'], {}, { runtime });
        assert.equal(imported.code, 0, imported.stderr);
        assert.equal((JSON.parse(imported.stdout) as { objects: number }).objects, counts.objects);
        const again = await cli(args, {}, { runtime });
        assert.match(again.stderr, /^cairn: the store has PG .* already .*; nothing was imported\n$/);
        done += 1;
      }
      assert.ok(done > 0);
      assert.match((await run('export-pg', '1.7', '--pg-num', '4', '--out', 'x')).stderr, /a pool of 4 PGs has no 1.7/);
      assert.match(
        (await run('export-pg', '1.7', '--out', 'x')).stderr,
        /say how many PGs the pool has with --pg-num N/,
      );
      const parked = await run('export-pg', '1.7', '--parked', '--out', `${directory}.parked`);
      assert.match(parked.stderr, /^cairn: the store has nothing of what is parked of pool 1; /);
    });
  });
});
