/** `cairn pg scrub` and its like, and what is told of what was found. */
import assert from 'node:assert/strict';
import { printPgId } from '../../../cluster/ids.js';
import { CairnClient } from '../../../client/client.js';
import { logLast } from '../../../protocol/commands/log.js';
import { clusterHealth } from '../../../protocol/commands/status.js';
import { cli, type CliRun } from '../../cli/fake-context.js';
import { inScene, pgOf, rolesOf, rot, type Scene } from './scrub-cluster.js';

const data = Buffer.from(Array.from({ length: 12_500 }, (_, i) => `${i}`.padStart(8, '.')).join(''));
const mark = data.subarray(70_000, 70_100);

/** Runs `body` with the command line of a machine of its own. */
async function withCli(scene: Scene, body: (run: (line: string) => Promise<CliRun>) => Promise<void>): Promise<void> {
  const { world, cluster } = scene;
  const machine = world.machine('cli');
  await machine.start('cli', async (runtime) => {
    const objects = () => CairnClient.connect(runtime, { credentials: cluster.admin, role: 'client' });
    await body((line) => cli(line.split(' '), {}, { runtime, objects }));
  }).finished;
}

describe('cairn pg scrub', () => {
  it('finds and heals, and tells of it in print, in JSON, in the log and in health', async () => {
    await inScene(1, async (scene) => {
      const { admin, pool, osds, cluster } = scene;
      await pool.writeFull('a', data);
      await pool.writeFull('b', data.subarray(0, 50));
      const { replicas } = await rolesOf(scene, 'a');
      const [bad] = replicas;
      assert.ok(bad !== undefined);
      await rot(bad, mark);
      const pg = printPgId(pgOf(scene, 'a'));
      const errors = async (): Promise<string | undefined> => {
        const { checks } = (await admin.session.query(clusterHealth, { detail: true }, admin.within(5_000))).result;
        return checks['OSD_SCRUB_ERRORS']?.summary.message;
      };
      await withCli(scene, async (run) => {
        assert.match((await run(`pg scrub-report ${pg}`)).stderr, /no scrub in this term yet\n$/);
        const asked = await run(`pg scrub ${pg}`);
        assert.match(asked.stdout, /^pg 1\.\d is to be scrubbed by osd\.\d\n$/);
        const done = await run(`pg deep-scrub ${pg} --wait`);
        assert.match(done.stdout, /deep-scrub of \d objects?, .*: 1 bad copy, 1 healed, 0 left\n/);
        assert.match(done.stdout, new RegExp(`osd\\.${bad.id} +rotten +yes +pool 1 object "a"`));
        const report = JSON.parse((await run(`pg scrub-report ${pg} --json`)).stdout) as {
          scrubs: { kind: string; found: number; healed: number }[];
        };
        assert.deepEqual(
          report.scrubs.map(({ kind, found, healed }) => [kind, found, healed]),
          [['deep-scrub', 1, 1]],
        );
        assert.equal(await errors(), undefined);
        for (const osd of osds) await rot(osd, mark);
        assert.match((await run(`pg repair ${pg} --wait`)).stdout, /3 bad copies, 0 healed, 3 left, 1 object lost\n/);
        assert.match((await run('pg scrub 1.99 --wait')).stderr, /has no pg 1\.99/);
      });
      const log = (await admin.session.query(logLast, { count: 10, after: 0, level: 'info' }, admin.within(5_000)))
        .result;
      const notes = log.records.map(({ message, severity }) => `${severity} ${message}`);
      assert.ok(
        notes.some((one) => new RegExp(`^warn pg ${pg}: deep-scrub of .* 1 healed, 0 to be mended$`).test(one)),
      );
      assert.ok(notes.some((one) => new RegExp(`^error pg ${pg}: repair of .* 1 object lost$`).test(one)));
      let seen: string | undefined;
      for (let i = 0; i < 20 && seen === undefined; i++) {
        await scene.world.sleep(500);
        seen = await errors();
      }
      assert.match(seen ?? '', /^3 scrub errors/);
      assert.ok(cluster.running.length > 0);
    });
  });
});
