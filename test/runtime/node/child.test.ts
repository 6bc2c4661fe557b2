import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startChild, type Child } from '../../../runtime/node/child.js';
import { writePidFile } from '../../../runtime/node/pid-file.js';
import { claim, until, withCode, type Harness } from '../contract/harness.js';
import { openNodeHarness } from './harness.js';

const script = fileURLToPath(new URL('./children/daemon.js', import.meta.url));

interface Daemon {
  readonly child: Child;
  readonly output: () => string;
}

/** A daemon that has said that it is ready. */
async function startDaemon({ runtime, directory }: Harness, mode: string): Promise<Daemon> {
  const outputPath = `${directory}/output.log`;
  const environment = { CAIRN_TEST: '; echo not a shell' };
  const child = await startChild({ script, args: [directory, mode], environment, outputPath });
  const output = (): string => readFileSync(outputPath, 'utf8');
  await until(runtime, 'it is ready', () => output().includes('a log line\n'));
  return { child, output };
}

describe('runtime/node: child daemons', () => {
  claim(
    'run without a shell, write to a file, stop on SIGTERM, and remove their pid file',
    openNodeHarness,
    async (h) => {
      const { child, output } = await startDaemon(h, 'graceful');
      assert.equal(readFileSync(`${h.directory}/daemon.pid`, 'utf8'), `${child.pid}\n`);
      assert.equal(child.signal('SIGTERM'), true);
      assert.deepEqual(await child.exited, { kind: 'code', code: 3 });
      assert.equal(output(), 'ready ; echo not a shell 1\na log line\nstopping on SIGTERM\n');
      assert.deepEqual(await h.runtime.disk.list(h.directory), ['output.log']);
      assert.equal(child.signal('SIGTERM'), false);
    },
  );

  claim('end at once on a second signal', openNodeHarness, async (h) => {
    const { child, output } = await startDaemon(h, 'stubborn');
    child.signal('SIGINT');
    await until(h.runtime, 'it took the first', () => output().endsWith('stopping on SIGINT\n'));
    child.signal('SIGTERM');
    assert.deepEqual(await child.exited, { kind: 'signal', signal: 'SIGTERM' });
  });

  claim('leave their pid file when they are killed, and the next one replaces it', openNodeHarness, async (h) => {
    const { child } = await startDaemon(h, 'graceful');
    child.signal('SIGKILL');
    assert.deepEqual(await child.exited, { kind: 'signal', signal: 'SIGKILL' });
    assert.equal(readFileSync(`${h.directory}/daemon.pid`, 'utf8'), `${child.pid}\n`);
    const file = await writePidFile(h.runtime.disk, h.directory, 'daemon.pid');
    assert.equal(readFileSync(file.path, 'utf8'), `${process.pid}\n`);
    file.remove();
    file.remove();
    assert.deepEqual(await h.runtime.disk.list(h.directory), ['output.log']);
  });

  claim('leave alone a pid file that another process has replaced', openNodeHarness, async ({ runtime, directory }) => {
    const file = await writePidFile(runtime.disk, directory, 'daemon.pid');
    writeFileSync(file.path, '1\n');
    file.remove();
    assert.equal(readFileSync(file.path, 'utf8'), '1\n');
  });

  claim('are not started when their output has nowhere to go', openNodeHarness, async ({ directory }) => {
    const starting = startChild({ script, args: [], environment: {}, outputPath: `${directory}/none/output.log` });
    await assert.rejects(starting, withCode('NOT_FOUND', 'none/output.log'));
  });
});
