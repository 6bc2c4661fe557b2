import assert from 'node:assert/strict';
import { pgTerm } from '../../../../cluster/ids.js';
import { LeaseHolder } from '../../../../osd/pg/lease/holder.js';
import { askIntervalMs, heldMs, partedMs } from '../../../../osd/pg/lease/lease-time.js';
import { namesMax } from '../../../../osd/pg/lease/types.js';
import { clocks, grant, name, pg, run } from './parties.js';

function led(): { holder: LeaseHolder; lease: ReturnType<LeaseHolder['lead']> } {
  const holder = new LeaseHolder(run(0), clocks(0));
  return { holder, lease: holder.lead(pg(1), pgTerm(5), [run(1)]) };
}

describe('the holder of leases', () => {
  it('may read from when it has seen the grantor in the term and has its grant, and no longer than that lasts', () => {
    const { holder, lease } = led();
    assert.equal(lease.isValid(clocks(1)), false);
    assert.equal(holder.asks(clocks(1)).length, 1);
    holder.onGrant(clocks(2), grant(run(1), 1));
    assert.equal(lease.isValid(clocks(2)), false, 'not seen in the term');
    assert.equal(lease.seen(run(1)), true);
    assert.equal(lease.isValid(clocks(2)), true);
    assert.equal(lease.leaseEnd(clocks(2)), 1 + heldMs);
    assert.equal(lease.isValid(clocks(1 + heldMs)), false);
    assert.deepEqual(lease.missing(clocks(1 + heldMs)), [{ osd: 1, store: 2 }]);
  });

  it('needs nobody when nobody else acts, until the term ends', () => {
    const holder = new LeaseHolder(run(0), clocks(0));
    const lease = holder.lead(pg(1), pgTerm(5), []);
    assert.equal(lease.isValid(clocks(1e9)), true);
    assert.deepEqual(holder.asks(clocks(1e9)), []);
    assert.equal(holder.nextAskAt(), Infinity);
    holder.leave(pg(1));
    assert.equal(lease.isValid(clocks(1e9)), false);
  });

  it('needs a joiner from the proposal on, and asks it before', () => {
    const holder = new LeaseHolder(run(0), clocks(0));
    const lease = holder.lead(pg(1), pgTerm(5), []);
    lease.want(run(2));
    assert.deepEqual(
      holder.asks(clocks(1)).map(({ to }) => to.osd),
      [2],
    );
    assert.equal(lease.isValid(clocks(1)), true);
    lease.require(run(2));
    assert.equal(lease.isValid(clocks(1)), false);
    assert.throws(() => lease.unwant(run(2)), /stays so/);
  });

  it('asks a pair once however many PGs share it, every 200 ms, and no more once no PG needs it', () => {
    const { holder, lease } = led();
    const other = holder.lead(pg(2), pgTerm(1), [run(1)]);
    assert.equal(holder.asks(clocks(10)).length, 1);
    assert.equal(holder.asks(clocks(10 + askIntervalMs - 1)).length, 0);
    assert.equal(holder.nextAskAt(), 10 + askIntervalMs);
    assert.equal(holder.asks(clocks(10 + askIntervalMs)).length, 1);
    lease.end();
    assert.notEqual(holder.nextAskAt(), Infinity);
    other.end();
    assert.equal(holder.nextAskAt(), Infinity);
  });

  it('drops a PG that is named, for good, and keeps the others of the pair', () => {
    const { holder, lease } = led();
    const other = holder.lead(pg(2), pgTerm(1), [run(1)]);
    lease.seen(run(1));
    other.seen(run(1));
    holder.asks(clocks(10));
    holder.onGrant(clocks(11), grant(run(1), 10, { named: [name(1, 6)] }));
    assert.equal(lease.isValid(clocks(11)), false);
    assert.equal(other.isValid(clocks(11)), true);
    assert.equal(lease.seen(run(1)), false, 'a late Head');
    assert.equal(lease.isValid(clocks(11)), false);
    assert.deepEqual(holder.asks(clocks(10 + askIntervalMs))[0]?.ask.noted, [name(1, 6)]);
    assert.deepEqual(holder.asks(clocks(10 + 2 * askIntervalMs))[0]?.ask.noted, []);
  });

  it('is not put off by the name of a term that it entered itself', () => {
    const { holder } = led();
    const lease = holder.lead(pg(1), pgTerm(6), [run(1)]);
    assert.equal(lease.seen(run(1)), true);
    holder.onGrant(clocks(11), grant(run(1), 10, { named: [name(1, 6)] }));
    assert.equal(lease.isValid(clocks(11)), true);
  });

  it('forgets in a new term who was seen in the one before', () => {
    const { holder, lease } = led();
    lease.seen(run(1));
    holder.onGrant(clocks(11), grant(run(1), 10));
    const next = holder.lead(pg(1), pgTerm(6), [run(1)]);
    assert.equal(lease.isValid(clocks(11)), false);
    assert.equal(next.isValid(clocks(11)), false);
    next.seen(run(1));
    assert.equal(next.isValid(clocks(11)), true);
    assert.throws(() => holder.lead(pg(1), pgTerm(6), []), /led once/);
  });

  it('counts a grant only with the run of the grantor that was seen', () => {
    const { holder, lease } = led();
    lease.seen(run(1, 3));
    holder.onGrant(clocks(11), grant(run(1, 2), 10));
    assert.equal(lease.isValid(clocks(11)), false, 'of an earlier run');
    holder.onGrant(clocks(11), grant(run(1, 3), 10));
    assert.equal(lease.isValid(clocks(11)), true);
    holder.onGrant(clocks(11), grant(run(1, 4), 10));
    assert.equal(lease.isValid(clocks(11)), false, 'of a later run, which was not seen');
    assert.equal(lease.seen(run(1, 3)), false);
    assert.equal(lease.seen(run(1, 4)), true);
    assert.equal(lease.isValid(clocks(11)), true);
    holder.onRegistered(run(1, 5));
    assert.equal(lease.isValid(clocks(11)), false, 'the map shows a later one');
  });

  it('ignores grants to an earlier run of itself, from the future, and from whom nobody asked', () => {
    const { holder, lease } = led();
    lease.seen(run(1));
    holder.onGrant(clocks(11), grant(run(1), 10, { holder: run(0, 7) }));
    holder.onGrant(clocks(11), grant(run(1), 12));
    holder.onGrant(clocks(11), grant(run(1), Number.MAX_VALUE));
    holder.onGrant(clocks(11), grant(run(3), 10));
    assert.equal(lease.isValid(clocks(11)), false);
  });

  it('takes all names before anything is granted, and asks on at once', () => {
    const { holder, lease } = led();
    lease.seen(run(1));
    holder.asks(clocks(10));
    const named = Array.from({ length: namesMax }, (_, i) => name(100 + i, 2));
    holder.onGrant(clocks(11), grant(run(1), 10, { named, isGranted: false }));
    assert.equal(lease.isValid(clocks(11)), false);
    assert.deepEqual(holder.asks(clocks(11))[0]?.ask.noted, named);
  });

  it('takes no late grant for an early one: only the latest ask counts', () => {
    const { holder, lease } = led();
    lease.seen(run(1));
    holder.onGrant(clocks(500), grant(run(1), 400));
    holder.onGrant(clocks(501), grant(run(1), 10));
    assert.equal(lease.leaseEnd(clocks(501)), 400 + heldMs);
  });
});

describe('a suspended holder', () => {
  it('has no lease afterwards, nor by a grant that it asked for before', () => {
    const { holder, lease } = led();
    lease.seen(run(1));
    holder.asks(clocks(10));
    holder.onGrant(clocks(11), grant(run(1), 10));
    assert.equal(lease.isValid(clocks(12, 400)), false);
    holder.onGrant(clocks(13, 400), grant(run(1), 10));
    assert.equal(lease.isValid(clocks(13, 400)), false);
    assert.equal(holder.asks(clocks(14, 400)).length, 1, 'asks anew at once');
    holder.onGrant(clocks(15, 400), grant(run(1), 14));
    assert.equal(lease.isValid(clocks(15, 400)), true);
  });

  it('notices several short suspensions as well as a long one, and says so once', () => {
    const { holder } = led();
    assert.equal(holder.onClocks(clocks(10, partedMs - 10)), false);
    assert.equal(holder.onClocks(clocks(20, 2 * (partedMs - 10))), true);
    assert.equal(holder.onClocks(clocks(30, 2 * (partedMs - 10))), false);
  });

  it('is not seen in a wall clock that is set back or runs fast by a thousandth', () => {
    const { holder } = led();
    assert.equal(holder.onClocks(clocks(10, -5_000)), false);
    for (let ms = 20; ms < 3_600_000; ms += 200) assert.equal(holder.onClocks(clocks(ms, -5_000 + ms / 1_000)), false);
  });

  it('trusts no clock that is no number', () => {
    const { holder, lease } = led();
    lease.seen(run(1));
    holder.onGrant(clocks(11), grant(run(1), 10));
    assert.equal(lease.isValid({ ...clocks(12), wall: Number.NaN }), false);
  });
});
