import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readWholeFile } from '../../../runtime/whole-file.js';
import { claim, until } from '../contract/harness.js';
import { recordBytes, recordOf } from './children/record.js';
import { startChild } from './children/start.js';
import { openNodeHarness } from './harness.js';

const acknowledgedMin = 100;

describe('real processes', () => {
  for (const way of ['direct', 'uncaught', 'unhandled']) {
    it(`fatal (${way}) exits with 70 after its record, and all before it, were written`, async () => {
      const child = startChild('fatal', [way]);
      assert.equal(await child.ended, 70);
      assert.equal(child.stdout(), '');
      const records = child
        .stderr()
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      assert.equal(records.length, 2001);
      assert.deepEqual(
        [records[0]?.['level'], records[0]?.['daemon'], records[0]?.['pg'], records[0]?.['index']],
        ['info', 'osd.9', '1.7', 0],
      );
      const last = records.at(-1);
      assert.equal(last?.['level'], 'fatal');
      const error = last?.['err'] as Record<string, unknown>;
      assert.deepEqual([error['code'], error['message']], ['IO_ERROR', 'cannot sync the log']);
      assert.deepEqual(error['details'], { errno: 'EIO' });
      assert.equal((error['cause'] as Record<string, unknown>)['code'], 'EIO');
    });
  }

  for (const stderr of ['full', 'closed'] as const) {
    it(`fatal exits with 70 also when stderr is ${stderr}`, async () => {
      const program = fileURLToPath(new URL('./children/fatal.js', import.meta.url));
      const full = openSync('/dev/full', 'w');
      const child = spawn(process.execPath, [program, 'direct'], {
        stdio: ['ignore', 'ignore', stderr === 'full' ? full : 'pipe'],
        // Instead of hanging for ever.
        timeout: 10_000,
        killSignal: 'SIGKILL',
      });
      child.stderr?.destroy();
      const [code] = (await once(child, 'exit')) as [number | null];
      closeSync(full);
      assert.equal(code, 70);
    });
  }

  it('a log that cannot be written stops nobody', async () => {
    const program = fileURLToPath(new URL('./children/log.js', import.meta.url));
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [program], {
      stdio: ['ignore', 'ignore', full],
      timeout: 10_000,
      killSignal: 'SIGKILL',
    });
    const [code] = (await once(child, 'exit')) as [number | null];
    closeSync(full);
    assert.equal(code, 0);
  });

  claim('what a killed process acknowledged is there', openNodeHarness, async ({ runtime, directory }) => {
    const child = startChild('acknowledge', [directory]);
    try {
      await until(runtime, 'enough is acknowledged', () => {
        return child.stdout().split('\n').length > 2 * acknowledgedMin || child.process.exitCode !== null;
      });
    } finally {
      child.process.kill('SIGKILL');
    }
    assert.equal(await child.ended, 'SIGKILL', child.stderr());
    const acknowledged = child.stdout().split('\n').slice(0, -1);
    const bytes = await readWholeFile(runtime.disk, `${directory}/log`, 100_000_000);
    const store = await runtime.kv.open(`${directory}/store`, { createIfMissing: false });
    for (const line of acknowledged) {
      const [where, number] = line.split(' ');
      const index = Number(number);
      const found =
        where === 'file'
          ? bytes.subarray(index * recordBytes, (index + 1) * recordBytes)
          : await store.get(`record ${index}`);
      assert.ok(found !== undefined && Buffer.from(recordOf(index)).equals(found), line);
    }
    assert.ok(acknowledged.length >= acknowledgedMin);
  });

  claim('a full disk is NO_SPACE; a store that met it takes no more batches', openNodeHarness, async (harness) => {
    const child = startChild('full', [harness.directory], 2 ** 20);
    assert.equal(await child.ended, 0, child.stderr());
    const file = [
      'write: NO_SPACE',
      'size: 1048576',
      'writev: NO_SPACE',
      'preallocate: NO_SPACE',
      'small write: fine',
      'datasync: fine',
    ];
    const store = ['batch: NO_SPACE', 'next batch: IO_ERROR', 'read: fine', 'small: undefined', 'close: fine'];
    assert.deepEqual(child.stdout().trimEnd().split('\n'), [...file, ...file, ...store]);
    const reopened = await harness.runtime.kv.open(`${harness.directory}/store`);
    assert.equal((await reopened.get('key 0'))?.byteLength, 100_000);
    assert.equal(await reopened.get('small'), undefined);
  });

  claim('a store that another process has open is LOCKED', openNodeHarness, async ({ runtime, directory }) => {
    const child = startChild('acknowledge', [directory]);
    try {
      await until(runtime, 'it is open', () => child.stdout().includes('store 0'));
      await assert.rejects(runtime.kv.open(`${directory}/store`), { code: 'LOCKED', message: /stop the other daemon/ });
    } finally {
      child.process.kill('SIGKILL');
      await child.ended;
    }
    await (await runtime.kv.open(`${directory}/store`)).close();
  });
});
