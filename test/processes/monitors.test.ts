/** Three monitor processes, and what may happen to them while changes stream. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { isCairnError } from '../../base/errors.js';
import { authAdd } from '../../protocol/commands/auth.js';
import { monDump, monRm } from '../../protocol/commands/mon.js';
import { ChangeStream, entityNames } from './change-stream.js';
import { here, until, within } from './children.js';
import { MonitorProcesses } from './monitor-processes.js';

const names = ['a', 'b', 'c'];

describe('three monitor processes', function () {
  this.timeout(60_000);
  let cluster: MonitorProcesses;

  before(async () => {
    cluster = await MonitorProcesses.start(...names);
  });

  after(() => cluster.end());

  async function streamThrough(prefix: string, body: (stream: ChangeStream) => Promise<void>): Promise<ChangeStream> {
    const stream = new ChangeStream(cluster.client(), prefix);
    try {
      await stream.progress();
      await body(stream);
      await stream.progress();
    } finally {
      await stream.stop();
    }
    assert.deepEqual(stream.errors, []);
    assert.deepEqual(stream.twice, []);
    assert.deepEqual(await stream.lost(), []);
    return stream;
  }

  it('loses and repeats nothing when the leader is killed, and goes on soon', async () => {
    const stream = await streamThrough('killed', async (changes) => {
      const leader = await cluster.leader();
      await cluster.kill(leader);
      await changes.progress();
      cluster.run(leader);
      await cluster.untilVoters(3);
    });
    // An election takes 0.5 to 1 s, here beside other work on the same cores.
    assert.ok(stream.longestGapMs < 6_000, `${stream.longestGapMs} ms passed between two acknowledgements`);
  });

  it('lets a monitor whose disk was wiped join again under a new id', async () => {
    const before = await cluster.dump();
    const name = names.find((candidate) => candidate !== before.leader) ?? 'a';
    await streamThrough('wiped', async () => {
      await cluster.kill(name);
      await rm(cluster.dataOf(name), { recursive: true });
      cluster.run(name);
      await until('it votes under another id', async () => {
        const { monitors } = await cluster.untilVoters(3);
        const member = (list: typeof monitors) => list.find((monitor) => monitor.name === name)?.member;
        return member(monitors) !== member(before.monitors);
      });
    });
  });

  it('takes in one monitor and lets another go while changes stream', async () => {
    await streamThrough('exchanged', async () => {
      await cluster.add('d');
      await cluster.untilVoters(4);
      const client = cluster.client();
      await client.control(monRm, { name: 'a', confirmed: true }, within(15_000));
      cluster.forget('a');
      await cluster.untilVoters(3);
    });
    await cluster.kill('a');
    names.splice(names.indexOf('a'), 1, 'd');
  });

  it('comes back with every acknowledged change when all were killed at once', async () => {
    const stream = new ChangeStream(cluster.client(), 'all');
    await stream.progress();
    await cluster.kill(...names);
    for (const name of names) cluster.run(name);
    await stream.progress();
    await stream.stop();
    assert.deepEqual(stream.errors, []);
    assert.deepEqual(stream.twice, []);
    assert.deepEqual(await stream.lost(), []);
    await cluster.untilVoters(3);
  });

  it('without a majority answers old reads as such and refuses changes in time, and recovers', async () => {
    const leader = await cluster.leader();
    const others = names.filter((name) => name !== leader);
    const client = cluster.clientOf(leader);
    const known = await cluster.dump(client);
    await cluster.kill(...others);
    const stale = await client.query(monDump, {}, { ...within(10_000), mayBeStale: true });
    assert.equal(stale.isStale, true);
    assert.deepEqual(
      stale.result.monitors.map(({ name }) => name),
      known.monitors.map(({ name }) => name),
    );

    const begun = here.clock.now();
    const late = { name: 'client.minority', caps: [] };
    await assert.rejects(client.change(authAdd, late, within(2_000)), (error: unknown) => {
      assert.ok(isCairnError(error, 'DEADLINE_EXCEEDED'), String(error));
      assert.match(error.message, /no leader.*start the monitors/);
      return true;
    });
    await assert.rejects(client.query(monDump, {}, within(1_000)), (error: unknown) => {
      return isCairnError(error, 'DEADLINE_EXCEEDED');
    });
    assert.ok(here.clock.now() - begun < 5_000, 'both ended within their deadlines');

    const waiting = client.change(authAdd, { name: 'client.patient', caps: [] }, within(20_000));
    for (const name of others) cluster.run(name);
    assert.equal((await waiting).isNew, true);
    await cluster.untilVoters(3);
    const present = await entityNames(client);
    assert.ok(present.has('client.patient'));
  });

  it('never answers a read from the past after the leader stood still', async () => {
    const leader = await cluster.leader();
    const old = cluster.clientOf(leader);
    await cluster.dump(old);
    const stopped = cluster.process(leader);
    stopped.signal('SIGSTOP');
    const changed = cluster.client({
      ...cluster.admin,
      monitors: names.filter((name) => name !== leader).map((name) => cluster.addressOf(name)),
    });
    const { isNew } = await changed.change(authAdd, { name: 'client.meanwhile', caps: [] }, within(15_000));
    assert.equal(isNew, true);
    // Asked before it wakes: the question is the first thing that it finds.
    const first = entityNames(old);
    stopped.signal('SIGCONT');
    assert.ok((await first).has('client.meanwhile'));
    const { term } = await cluster.dump(changed);
    assert.deepEqual(
      [(await cluster.dump(old)).leader, (await cluster.dump(old)).term >= term],
      [(await cluster.dump(changed)).leader, true],
    );
    await cluster.untilVoters(3);
  });
});
