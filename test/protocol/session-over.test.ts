/** A client whose session the monitors ended: what it does depends on whether a copy of its change may be on its way. */
import assert from 'node:assert/strict';
import { CairnError } from '../../base/errors.js';
import { authAdd } from '../../protocol/commands/auth.js';
import { configSet } from '../../protocol/commands/config.js';
import { commandMethod, endSessionMethod, forwardEndMethod, type RequestId } from '../../protocol/monitor-methods.js';
import { MonitorSession } from '../../protocol/monitor-session.js';
import type { Runtime } from '../../runtime/runtime.js';
import { World } from '../../runtime/sim/world.js';
import { Dialer } from '../../wire/dialer.js';
import { HandlerTable } from '../../wire/handlers.js';
import { WireListener } from '../../wire/listener.js';
import { coded, onMonitors, port } from '../monitor/daemon/sim-cluster.js';

const key = new Uint8Array(32).fill(7);
const args = { section: 'global', option: 'osd_heartbeat_grace', value: '9s' };

type Answer = 'done' | 'over' | 'unknown fate' | 'refused';

const answers: Record<Exclude<Answer, 'done'>, () => CairnError> = {
  over: () => new CairnError('CONFLICT', 'over', { details: { sessionOver: true } }),
  'unknown fate': () => new CairnError('CANCELLED', 'lost', { applied: 'maybe', details: { lostLead: true } }),
  refused: () => new CairnError('CONFLICT', 'no'),
};

/** A monitor that answers changes as told, and what it was sent. */
class ScriptedMonitor {
  readonly requests: RequestId[] = [];
  readonly ended: string[] = [];
  readonly #script: Answer[];

  constructor(script: readonly Answer[]) {
    this.#script = [...script];
  }

  async listen(runtime: Runtime): Promise<void> {
    const handlers = new HandlerTable()
      .on(commandMethod, ({ header: { request } }) => {
        assert.ok(request !== undefined);
        this.requests.push(request);
        const answer = this.#script.shift() ?? 'done';
        if (answer !== 'done') throw answers[answer]();
        return { header: { result: undefined, epoch: 1, isStale: false } };
      })
      .onMessage(endSessionMethod, ({ header }) => void this.ended.push(header.session));
    const identity = { name: 'mon.a', role: 'monitor' };
    const options = { address: { host: 'a', port }, identity };
    await WireListener.listen(runtime, options, { handlers, keys: { keyFor: () => key } });
  }

  get sessions(): ReadonlySet<string> {
    return new Set(this.requests.map(({ session }) => session));
  }
}

/** One client of a monitor that answers so. */
async function withMonitor(
  script: readonly Answer[],
  body: (client: MonitorSession, monitor: ScriptedMonitor) => Promise<void>,
): Promise<ScriptedMonitor> {
  const world = new World({ seed: 1 });
  const monitor = new ScriptedMonitor(script);
  await world.main(async () => {
    await world.machine('a').start('a', (runtime) => monitor.listen(runtime)).finished;
    const process = world.machine('client').start('client', async () => {});
    await process.finished;
    const credentials = { fsid: '0'.repeat(32), name: 'client.x', key, monitors: [{ host: 'a', port }] };
    const client = new MonitorSession(process.runtime, { credentials, role: 'client' });
    await body(client, monitor);
    await client.close();
    await world.sleep(1_000);
  });
  return monitor;
}

const change = (client: MonitorSession): Promise<unknown> => client.change(configSet, args, {});

describe('a session that the monitors ended', function () {
  this.timeout(30_000);

  it('is followed by another, when the change cannot have been made', async () => {
    const monitor = await withMonitor(['done', 'over', 'done', 'done'], async (client) => {
      for (let i = 0; i < 3; i++) await change(client);
    });
    const [first, refused, again, next] = monitor.requests.map(({ session }) => session);
    assert.deepEqual([first === refused, refused === again, again === next], [true, false, true]);
    assert.deepEqual(monitor.ended, [next]);
  });

  it('is followed by one other, however many changes were refused', async () => {
    const monitor = await withMonitor(['over', 'over', 'over'], async (client) => {
      await Promise.all([change(client), change(client), change(client)]);
    });
    assert.equal(monitor.sessions.size, 2);
    const [, second] = monitor.sessions;
    const run = monitor.requests.filter(({ session }) => session === second);
    assert.deepEqual(
      run.map(({ number }) => number),
      [1, 2, 3],
    );
  });

  it('is an error, when the change may have been made: it is never sent under another', async () => {
    const monitor = await withMonitor(['done', 'unknown fate', 'over'], async (client) => {
      await change(client);
      await assert.rejects(change(client), coded('CONFLICT', /over/, 'maybe'));
    });
    assert.equal(monitor.sessions.size, 1);
    assert.deepEqual(monitor.ended, [], 'a session in doubt is left alone');
  });

  it('is an error when the next one is over at once', async () => {
    await withMonitor(['over', 'over'], async (client) => {
      await assert.rejects(change(client), coded('CONFLICT', /over/, 'no'));
    });
  });

  it('does not end by a client that has no answer there', async () => {
    const monitor = await withMonitor(['refused'], async (client) => {
      await assert.rejects(change(client), coded('CONFLICT'));
    });
    assert.deepEqual(monitor.ended, []);
  });

  it('does not end while a change waits for its answer', async () => {
    const monitor = await withMonitor(['done'], async (client) => {
      await change(client);
      const waiting = change(client);
      await Promise.all([assert.rejects(waiting, coded('CLOSED')), client.close()]);
    });
    assert.deepEqual(monitor.ended, []);
  });

  it('goes on as another, with the monitors themselves; nobody ends that of somebody else', () =>
    onMonitors(['a', 'b'], async (cluster) => {
      await cluster.until('nothing is live', () => cluster.liveSessions.length === 0);
      const client = await cluster.client();
      await client.change(configSet, args, {});
      const [id = ''] = cluster.liveSessions;
      const [entity = '', session = ''] = id.split(' ');
      assert.equal(entity, 'client.admin');
      const runtime = await cluster.runtime('other');
      const { fsid } = cluster.admin;
      const dial = (name: string, secret: Uint8Array, host: string): Dialer =>
        new Dialer(runtime, { address: { host, port }, identity: { name, role: 'client', fsid } }, { key: secret });
      const [follower = ''] = cluster.followers;
      const other = await client.change(authAdd, { name: 'client.x', caps: [['mon', 'allow *']] }, {});
      // Followers hear of it a few milliseconds after whoever asked.
      const there = (): boolean => cluster.sites.get(follower)?.monitor?.state.key('client.x') !== undefined;
      await cluster.until('the follower knows the key', there);
      const stranger = dial('client.x', other.key, follower);
      await stranger.tell(endSessionMethod, { session });
      await stranger.tell(forwardEndMethod, { session, entity });
      await cluster.world.sleep(8_000);
      assert.deepEqual(cluster.liveSessions, [id]);
      const self = dial('client.admin', cluster.admin.key, follower);
      await self.tell(endSessionMethod, { session });
      await cluster.until('it is over', () => cluster.liveSessions.length === 0);
      await client.change(configSet, { ...args, value: '11s' }, {});
      assert.equal(cluster.liveSessions.length, 1);
      assert.notEqual(cluster.liveSessions[0], id);
      await Promise.all([stranger.close(), self.close(), client.close()]);
    }));
});
