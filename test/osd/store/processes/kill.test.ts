/**
 * Real processes that write to a real disk and are killed at any moment. `KILLS=100` kills more often.
 */
import assert from 'node:assert/strict';
import { Prng } from '../../../../runtime/sim/prng.js';
import { until, type Running } from '../../../processes/children.js';
import { checkNumbered } from './check-numbered.js';
import { acknowledgedBy, RealStores, runtime } from './stores.js';

const kills = Number(process.env['KILLS'] ?? 20);
const prng = new Prng(`kills ${process.pid}`);

describe('osd/store: processes that are killed', function () {
  this.timeout(60_000 + kills * 5_000);
  let stores: RealStores;

  before(async () => {
    stores = await RealStores.make();
    await stores.mkfs('a');
  });

  after(() => stores.end());

  async function untilAcknowledged(writer: Running, more: number): Promise<void> {
    const from = await until('the writer opened the store', () => /^opened (\d+)$/m.exec(writer.stdout)?.[1], {
      describe: () => writer.stderr,
    });
    await until('transactions are durable', () => acknowledgedBy(writer) >= Number(from) + more, {
      describe: () => writer.stderr,
    });
  }

  /** Kills the writer, and looks at what is left with a process of its own. */
  async function killAndCheck(writer: Running): Promise<number> {
    writer.signal('SIGKILL');
    assert.deepEqual(await writer.ended, { code: null, signal: 'SIGKILL' }, writer.stderr);
    const acknowledged = acknowledgedBy(writer);
    const store = await stores.open('a');
    const count = await checkNumbered(store);
    assert.ok(count >= acknowledged, `${acknowledged} were acknowledged, the store holds ${count}`);
    await store.abandon();
    return count;
  }

  it('lose nothing that they acknowledged, and leave nothing half done', async () => {
    let count = 0;
    for (let kill = 0; kill < kills; kill++) {
      const writer = stores.write('a');
      // Some are killed while they still open the store.
      if (prng.chance(0.9)) await untilAcknowledged(writer, prng.below(50));
      await runtime.clock.sleep(prng.float() * 30);
      const found = await killAndCheck(writer);
      assert.ok(found >= count, `the store held ${count} transactions once, and ${found} now`);
      count = found;
    }
    assert.ok(count > 10 * kills, `only ${count} transactions were written`);
  });

  it('do so also when they are stopped and killed within a checkpoint', async () => {
    for (let round = 0; round < 2; round++) {
      const writer = stores.write('a');
      await untilAcknowledged(writer, 1);
      const isWithin = (): boolean => {
        const { stdout } = writer;
        return stdout.lastIndexOf('checkpoint\n') > stdout.lastIndexOf('checkpointed\n');
      };
      await until('it is stopped within a checkpoint', async () => {
        await runtime.clock.sleep(prng.float() * 10);
        writer.signal('SIGSTOP');
        // What it said before it stopped arrives first.
        await runtime.clock.sleep(5);
        if (isWithin()) return true;
        writer.signal('SIGCONT');
        return false;
      });
      await killAndCheck(writer);
    }
  });

  it('keep others out as long as they live, also while they are stopped', async () => {
    const writer = stores.write('a');
    await untilAcknowledged(writer, 1);
    const locked = { code: 'LOCKED', message: /it is open already; stop the other/ };
    await assert.rejects(stores.open('a'), locked);
    writer.signal('SIGSTOP');
    await assert.rejects(stores.open('a'), locked);
    writer.signal('SIGCONT');
    const seen = acknowledgedBy(writer);
    await until('it goes on writing', () => acknowledgedBy(writer) > seen + 20, { describe: () => writer.stderr });
    await killAndCheck(writer);
  });
});
