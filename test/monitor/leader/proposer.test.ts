import assert from 'node:assert/strict';
import { CairnError } from '../../../base/errors.js';
import { monotonicMs } from '../../../base/instants.js';
import { term } from '../../../monitor/raft/types.js';
import type { ChangeRequest } from '../../../monitor/leader/change-request.js';
import { isLostLead, Proposer } from '../../../monitor/leader/proposer.js';
import { WallClock } from '../../../monitor/leader/wall-clock.js';
import { setting } from '../state/some-state.js';
import { FakeConsensus, type FakeRuntime, fakeRuntime, settle } from './fake-consensus.js';

const key = 'global/osd_heartbeat_grace';

interface Stage {
  readonly consensus: FakeConsensus;
  readonly fake: FakeRuntime;
  readonly proposer: Proposer;
}

function stage(): Stage {
  const consensus = new FakeConsensus();
  const fake = fakeRuntime();
  const { machine } = consensus;
  const wallClock = new WallClock(machine.state.wallLimit);
  return { consensus, fake, proposer: new Proposer(fake.runtime, { consensus, machine, wallClock }) };
}

let lastNumber = 0;

/** Appends to a setting, and says what it was: shows order and what each request saw. */
function request(value: string, overrides: Partial<ChangeRequest> = {}): ChangeRequest {
  lastNumber += 1;
  return {
    name: 'test.set',
    id: { session: 'client.x s', number: lastNumber, floor: 1, begun: 0 },
    deadline: undefined,
    audit: { who: 'client.x', from: '10.0.0.9:1', command: 'test.set', args: value },
    evaluate: ({ map }) => ({ result: { before: map.config.get(key) }, changes: [setting(value)] }),
    ...overrides,
  };
}

const refused = (code: 'CONFLICT' | 'INTERNAL' = 'CONFLICT') => ({
  evaluate: () => {
    throw code === 'INTERNAL' ? new TypeError('a bug') : new CairnError('CONFLICT', 'not now');
  },
});

/** A change of each of a hundred clients. */
async function round(proposer: Proposer, first: number, which: 'which end' | 'which vanish'): Promise<void> {
  const sessions = Array.from({ length: 100 }, (_, i) => `client.x ${first + i}`);
  const changes = sessions.map((session) => request('5s', { id: { session, number: 1, floor: 1, begun: 0 } }));
  await Promise.all(changes.map((change) => proposer.submit(change)));
  if (which === 'which end') for (const session of sessions) proposer.endSession(session);
}

function lost(applied: 'no' | 'maybe'): (error: unknown) => boolean {
  return (error) => isLostLead(error) && error instanceof CairnError && error.applied === applied;
}

describe('the proposer', () => {
  it('decides requests in order, each on what those before it did, and gives them one entry and one epoch', async () => {
    const { consensus, proposer } = stage();
    const replies = await Promise.all(['1s', '2s', '3s'].map((value) => proposer.submit(request(value))));
    assert.deepEqual(
      replies.map(({ result }) => result),
      [{ before: undefined }, { before: '1s' }, { before: '2s' }],
    );
    assert.deepEqual(
      replies.map(({ epoch }) => epoch),
      [2, 2, 2],
    );
    assert.equal(consensus.transactions.length, 1);
    assert.equal(consensus.machine.state.map.epoch, 2);
    assert.equal(consensus.machine.state.map.config.get(key), '3s');
  });

  it('has one entry under way; what arrives meanwhile shares the next', async () => {
    const { consensus, proposer } = stage();
    consensus.isOpen = false;
    const replies = [proposer.submit(request('1s'))];
    await settle();
    for (let i = 0; i < 20; i++) replies.push(proposer.submit(request(`${i + 2}s`)));
    await settle();
    assert.deepEqual([consensus.waiting, proposer.queued], [1, 20]);
    consensus.commit();
    await settle();
    assert.deepEqual([consensus.waiting, proposer.queued], [1, 0]);
    consensus.commit();
    await Promise.all(replies);
    assert.deepEqual(
      consensus.transactions.map(({ replies: recorded }) => recorded.length),
      [1, 20],
    );
  });

  it('writes down who was refused, and changes nothing for it', async () => {
    const { consensus, proposer } = stage();
    const outcomes = await Promise.allSettled([
      proposer.submit(request('1s')),
      proposer.submit(request('2s', refused())),
      proposer.submit(request('3s')),
    ]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    const { state } = consensus.machine;
    assert.equal(state.map.config.get(key), '3s');
    assert.deepEqual(
      state
        .view()
        .audit({ after: 0, count: 9 })
        .map(({ args, outcome }) => [args, outcome]),
      [
        ['1s', { kind: 'done', epoch: 2 }],
        ['2s', { kind: 'refused', code: 'CONFLICT' }],
        ['3s', { kind: 'done', epoch: 2 }],
      ],
    );
  });

  it('takes a bug in a command for the end of that request only, and logs it', async () => {
    const { fake, proposer } = stage();
    const bad = proposer.submit(request('1s', refused('INTERNAL')));
    const good = proposer.submit(request('2s'));
    await assert.rejects(bad, { code: 'INTERNAL' });
    await good;
    assert.deepEqual(fake.fatal, []);
    assert.deepEqual(fake.errors, ['a change failed unexpectedly']);
  });

  it('refuses without an entry only when it still leads', async () => {
    const { consensus, proposer } = stage();
    await assert.rejects(proposer.submit(request('1s', { ...refused(), audit: undefined })), { code: 'CONFLICT' });
    assert.deepEqual([consensus.barriers, consensus.transactions.length], [1, 0]);
    consensus.barrierError = new CairnError('DEADLINE_EXCEEDED', 'no majority');
    await assert.rejects(proposer.submit(request('1s', { ...refused(), audit: undefined })), {
      code: 'DEADLINE_EXCEEDED',
    });
  });

  it('answers a request that comes twice once, whenever the copy comes', async () => {
    const { consensus, proposer } = stage();
    consensus.isOpen = false;
    const one = request('1s');
    const first = proposer.submit(one);
    const copy = proposer.submit(one);
    await settle();
    const late = proposer.submit(one);
    consensus.commit();
    await Promise.all([first, copy, late]);
    consensus.isOpen = true;
    await proposer.submit(request('2s'));
    const after = await proposer.submit(one);
    assert.deepEqual(after.result, (await first).result);
    assert.equal(consensus.machine.state.map.config.get(key), '2s');
    assert.equal(consensus.transactions.length, 2);
  });

  it('gives the answer that another leader recorded', async () => {
    const { consensus, fake, proposer } = stage();
    const one = request('1s');
    await proposer.submit(one);
    const { machine } = consensus;
    const wallClock = new WallClock(machine.state.wallLimit);
    const next = new Proposer(fake.runtime, { consensus, machine, wallClock });
    assert.deepEqual((await next.submit(one)).result, { before: undefined });
    assert.equal(consensus.transactions.length, 1);
  });

  it('never runs what its client said it has the answer of', async () => {
    const { consensus, proposer } = stage();
    await proposer.submit(request('1s', { id: { session: 'client.y s', number: 9, floor: 9, begun: 0 } }));
    const late = request('2s', { id: { session: 'client.y s', number: 3, floor: 3, begun: 0 } });
    await assert.rejects(proposer.submit(late), { code: 'CONFLICT', applied: 'no' });
    assert.equal(consensus.machine.state.map.config.get(key), '1s');
  });

  it('refuses beyond its bound, and what waited too long', async () => {
    const { consensus, fake, proposer } = stage();
    consensus.isOpen = false;
    const first = proposer.submit(request('1s'));
    await settle();
    const old = proposer.submit(request('2s', { deadline: monotonicMs(fake.now + 10) }));
    const rest = Array.from({ length: 4_095 }, () => proposer.submit(request('3s', { id: undefined })));
    await assert.rejects(proposer.submit(request('4s')), { code: 'OVERLOADED' });
    fake.now += 10;
    consensus.isOpen = true;
    consensus.commit();
    await assert.rejects(old, { code: 'DEADLINE_EXCEEDED', applied: 'no' });
    await Promise.all([first, ...rest]);
    assert.ok(consensus.transactions.every(({ replies }) => replies.length <= 256));
  });

  it('writes the end of a session with the next entry, and none for its sake', async () => {
    const { consensus, proposer } = stage();
    const one = request('1s', { id: { session: 'client.y s', number: 1, floor: 1, begun: 0 } });
    await proposer.submit(one);
    proposer.endSession('client.y s');
    proposer.endSession('client.y never seen');
    await settle();
    await assert.rejects(proposer.submit(request('2s', { ...refused(), audit: undefined })));
    assert.equal(consensus.transactions.length, 1);
    assert.equal((await proposer.submit(one)).epoch, 2, 'not written yet: its answer is there');
    await proposer.submit(request('3s'));
    assert.deepEqual(
      consensus.transactions.map(({ ends }) => ends),
      [[], ['client.y s']],
    );
    await proposer.submit(request('4s'));
    assert.deepEqual(consensus.transactions[2]?.ends, [], 'once');
  });

  it('tells a client the time before its first change, and takes none of a session without it', async () => {
    const { consensus, fake, proposer } = stage();
    fake.wall += 4_000;
    await proposer.submit(request('1s'));
    const { clockMs } = consensus.machine.state.sessions;
    const ask = (begun: number | undefined) =>
      proposer.submit(request('2s', { id: { session: 'client.y s', number: 1, floor: 1, begun } }));
    const details = { sessionOver: true, sessionClock: clockMs };
    await assert.rejects(ask(undefined), { code: 'CONFLICT', applied: 'no', details });
    await assert.rejects(ask(clockMs + 1), { code: 'CONFLICT', applied: 'no', details }, 'of another cluster');
    assert.equal(consensus.machine.state.map.config.get(key), '1s');
    await ask(clockMs);
    assert.equal(consensus.machine.state.map.config.get(key), '2s');
  });

  it('says that a session is not known only when a majority says that it leads', async () => {
    const { consensus, proposer } = stage();
    const ask = () => proposer.submit(request('1s', { id: { session: 'client.y s', number: 1, floor: 1 } }));
    await assert.rejects(ask(), { code: 'CONFLICT' });
    assert.deepEqual([consensus.barriers, consensus.transactions.length], [1, 0]);
    consensus.barrierError = new CairnError('DEADLINE_EXCEEDED', 'no majority');
    await assert.rejects(ask(), { code: 'DEADLINE_EXCEEDED' });
  });

  it('never runs a late copy of a change whose session is over', async () => {
    const { consensus, proposer } = stage();
    const one = request('1s', { id: { session: 'client.y s', number: 1, floor: 1, begun: 0 } });
    await proposer.submit(one);
    proposer.endSession('client.y s');
    await proposer.submit(request('2s'));
    await assert.rejects(proposer.submit(one), { code: 'CONFLICT', applied: 'no', message: /look whether it was/ });
    assert.equal(consensus.machine.state.map.config.get(key), '2s');
  });

  it('lets a session live on that changes something in the very entry', async () => {
    const { consensus, proposer } = stage();
    const id = (number: number) => ({ id: { session: 'client.y s', number, floor: number, begun: 0 } });
    await proposer.submit(request('1s', id(1)));
    proposer.endSession('client.y s');
    await proposer.submit(request('2s', id(2)));
    assert.deepEqual((await proposer.submit(request('3s', id(3)))).result, { before: '2s' });
    assert.ok(consensus.transactions.every(({ ends }) => ends.length === 0));
  });

  it('takes the changes of twenty thousand clients in a row that end their sessions', async () => {
    const { consensus, proposer } = stage();
    for (let client = 0; client < 20_000; client += 100) await round(proposer, client, 'which end');
    const { sessions } = consensus.machine.state;
    assert.deepEqual([sessions.liveCount, sessions.count], [100, 20_000]);
  });

  it('takes those of twenty thousand that just vanish, too, unless they are so many within a minute', async () => {
    const { consensus, fake, proposer } = stage();
    for (let client = 0; client < 20_000; client += 100) {
      fake.wall += 800;
      await round(proposer, client, 'which vanish');
    }
    assert.ok(consensus.machine.state.sessions.liveCount < 10_000);
    const more = Promise.all(Array.from({ length: 50 }, (_, i) => round(proposer, 20_000 + 100 * i, 'which vanish')));
    await assert.rejects(more, { code: 'OVERLOADED', applied: 'no' });
    const first = request('1s', { id: { session: 'client.x 0', number: 1, floor: 1, begun: 0 } });
    await assert.rejects(proposer.submit(first), { code: 'CONFLICT', message: /session that it belongs to is over/ });
  });

  it('gives a request that must stand alone an entry to itself, and its membership', async () => {
    const { consensus, proposer } = stage();
    const { membership } = consensus.status;
    const alone = request('2s', {
      isAlone: true,
      evaluate: () => ({ result: undefined, changes: [setting('2s')], membership }),
    });
    await Promise.all([proposer.submit(request('1s')), proposer.submit(alone), proposer.submit(request('3s'))]);
    assert.deepEqual(
      consensus.transactions.map(({ replies }) => replies.length),
      [1, 1, 1],
    );
    assert.deepEqual(consensus.memberships, [membership]);
  });

  it('ends a batch before its entry gets too large', async () => {
    const { consensus, proposer } = stage();
    const line = { source: 'mon', severity: 'info', message: 'x' } as const;
    const large = (): ChangeRequest =>
      request('1s', { evaluate: () => ({ result: undefined, log: Array.from({ length: 15_000 }, () => line) }) });
    await Promise.all([large(), large(), large()].map((one) => proposer.submit(one)));
    assert.deepEqual(
      consensus.transactions.map(({ log }) => log.length),
      [30_000, 15_000],
    );
  });

  it('says of what was under way when the lead was lost that it may be applied, of the rest that it is not', async () => {
    const { consensus, proposer } = stage();
    consensus.isOpen = false;
    const underWay = proposer.submit(request('1s'));
    await settle();
    const queued = proposer.submit(request('2s'));
    proposer.close(new CairnError('CONFLICT', 'over', { details: { lostLead: true } }));
    await assert.rejects(queued, lost('no'));
    consensus.lose(new CairnError('CANCELLED', 'leadership was lost', { applied: 'maybe' }));
    await assert.rejects(underWay, lost('maybe'));
    await assert.rejects(proposer.submit(request('3s')), lost('no'));
  });

  it('applies nothing that was decided in another term, or on another state', async () => {
    const { consensus, proposer } = stage();
    consensus.isOpen = false;
    const one = proposer.submit(request('1s'));
    await settle();
    // Another leader's entry came first.
    const { machine, fake } = { machine: consensus.machine, fake: fakeRuntime() };
    const other = new FakeConsensus();
    const rival = new Proposer(fake.runtime, {
      consensus: other,
      machine: other.machine,
      wallClock: new WallClock(other.machine.state.wallLimit),
    });
    await rival.submit(request('9s'));
    const [theirs] = other.transactions;
    assert.ok(theirs !== undefined && machine.state.apply(theirs));
    consensus.commit();
    await assert.rejects(one, lost('no'));
    assert.equal(machine.state.map.config.get(key), '9s');
    consensus.status = { ...consensus.status, term: term(2) };
    await assert.rejects(proposer.submit(request('2s')), lost('no'));
  });
});
