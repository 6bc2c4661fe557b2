/** `cairn dev` with OSDs: processes that come up, are killed, and come back with what they had. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Children, processesOf, type Running, until } from './children.js';

interface TreeNode {
  readonly name: string;
  readonly type: string;
  readonly status?: string;
}

describe('cairn dev with OSDs', function () {
  this.timeout(120_000);
  const children = new Children();
  let base: string;
  let directory: string;

  before(async () => {
    base = await mkdtemp(join(tmpdir(), 'cairn-osds-'));
    directory = join(base, 'cluster');
  });

  after(async () => {
    await children.endAll();
    for (const pid of processesOf(base)) process.kill(pid, 'SIGKILL');
    await until('nothing runs any more', () => processesOf(base).length === 0);
    await rm(base, { recursive: true, force: true });
  });

  async function start(...args: readonly string[]): Promise<Running> {
    const sizes = ['--mons', '1', '--osds', '3', '--hosts', '3', '--osd-size', '64MiB'];
    const dev = children.cairn(['dev', '--dir', directory, ...sizes, ...args], { hasOwnGroup: true });
    const describe = (): string => dev.stdout + dev.stderr;
    const line = await until(
      'dev is ready',
      () => {
        if (!dev.isRunning) throw new Error(`dev ended: ${dev.stderr}`);
        return /^ready (.+)$/m.exec(dev.stdout)?.[1];
      },
      { withinMs: 60_000, describe },
    );
    assert.deepEqual((JSON.parse(line) as { osds: number[] }).osds, [0, 1, 2]);
    return dev;
  }

  async function tree(): Promise<readonly TreeNode[]> {
    const asked = children.cairn(['osd', 'tree', '--json', '--dir', directory]);
    assert.deepEqual(await asked.end(), { code: 0, signal: null }, asked.stderr);
    return (JSON.parse(asked.stdout) as { nodes: TreeNode[] }).nodes;
  }

  async function statusOf(name: string): Promise<string | undefined> {
    return (await tree()).find((node) => node.name === name)?.status;
  }

  it('brings up OSDs on virtual hosts; one that is killed is down, and up again when it is started', async () => {
    const dev = await start();
    const nodes = await tree();
    assert.deepEqual(
      nodes.filter(({ type }) => type === 'host').map(({ name }) => name),
      ['host-0', 'host-1', 'host-2'],
    );
    assert.ok(nodes.filter(({ type }) => type === 'osd').every(({ status }) => status === 'up'));
    const pid = Number(await readFile(join(directory, 'run', 'osd.1.pid'), 'utf8'));
    process.kill(pid, 'SIGKILL');
    await until('it is down', async () => (await statusOf('osd.1')) === 'down', { withinMs: 15_000 });
    const again = children.cairn(['osd', 'run', '--conf', join(directory, 'conf', 'osd.1.yaml')]);
    await until('it is up', async () => (await statusOf('osd.1')) === 'up', { withinMs: 15_000 });
    again.signal('SIGTERM');
    assert.deepEqual(await again.end(), { code: 0, signal: null });
    assert.equal(await statusOf('osd.1'), 'down');
    dev.signal('SIGTERM');
    assert.deepEqual(await dev.end(), { code: 0, signal: null });
    assert.deepEqual(processesOf(directory), []);
  });

  it('finds its OSDs again when it is started anew, and respawns those that die', async () => {
    const dev = await start('--respawn');
    assert.equal(await statusOf('osd.1'), 'up');
    const path = join(directory, 'run', 'osd.2.pid');
    const before = Number(await readFile(path, 'utf8'));
    process.kill(before, 'SIGKILL');
    await until('another process has taken its place', async () => {
      return Number(await readFile(path, 'utf8').catch(() => before)) !== before;
    });
    await until('it is up', async () => (await statusOf('osd.2')) === 'up', { withinMs: 15_000 });
    dev.signalGroup('SIGINT');
    assert.deepEqual(await dev.end(), { code: 0, signal: null });
  });
});
