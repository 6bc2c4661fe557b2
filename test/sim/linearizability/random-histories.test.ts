/** Histories made at random: true ones are accepted, whatever the overlap; lies as a search by force says. */
import assert from 'node:assert/strict';
import { latin1Bytes } from '../../../base/bytes.js';
import { Prng } from '../../../runtime/sim/prng.js';
import { isLinearizableByForce } from './brute-force.js';
import { searchObject } from './check-history.js';
import type { CallOutcome } from './object-call.js';
import { readOf } from './perform.js';
import { mutated, randomHistory } from './random-history.js';

describe('sim/linearizability: histories made at random', () => {
  it('are accepted if they are true, with tens of operations at once', function () {
    this.timeout(60_000);
    for (let seed = 1; seed <= 40; seed++) {
      const random = new Prng(`true/${seed}`);
      const overlap = random.pick([0.5, 3, 10, 30]);
      const operations = randomHistory(random, { operations: 300, overlap, openRate: random.pick([0, 0.02, 0.1]) });
      assert.equal(searchObject(operations).kind, 'found', `history ${seed}`);
    }
  });

  it('are checked in seconds with 5,000 operations of one object', function () {
    this.timeout(60_000);
    const operations = randomHistory(new Prng('long'), { operations: 5_000, overlap: 20, openRate: 0.01 });
    assert.equal(searchObject(operations).kind, 'found');
    const ended = randomHistory(new Prng('long'), { operations: 5_000, overlap: 20, openRate: 0 });
    const at = ended.findLastIndex(({ outcome }) => outcome?.kind === 'done' && outcome.results[0]?.kind === 'read');
    const late = ended[at];
    assert.ok(late !== undefined, 'there is a read');
    const lie: CallOutcome = { kind: 'done', version: undefined, results: [readOf(latin1Bytes('never'))] };
    assert.equal(searchObject(ended.with(at, { ...late, outcome: lie })).kind, 'none');
  });

  it('get the same verdict as from a search by force, true or false', function () {
    this.timeout(60_000);
    let rejected = 0;
    const count = 3_000;
    for (let seed = 1; seed <= count; seed++) {
      const random = new Prng(`small/${seed}`);
      const options = { operations: 2 + random.below(6), overlap: random.pick([0.5, 2, 5]), openRate: 0.3 };
      const honest = randomHistory(random, options);
      const operations = random.chance(0.8) ? mutated(random, honest) : honest;
      const byForce = isLinearizableByForce(operations);
      if (!byForce) rejected += 1;
      assert.equal(searchObject(operations).kind, byForce ? 'found' : 'none', `history ${seed}`);
    }
    assert.ok(rejected > count / 10 && rejected < count * 0.9, `${rejected} of ${count} are lies that show`);
  });

  it('that lie are rejected, long ones too', function () {
    this.timeout(60_000);
    let rejected = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const random = new Prng(`lies/${seed}`);
      const operations = mutated(random, randomHistory(random, { operations: 200, overlap: 8, openRate: 0.02 }));
      const { kind } = searchObject(operations);
      assert.notEqual(kind, 'gave-up', `history ${seed}`);
      if (kind === 'none') rejected += 1;
    }
    assert.ok(rejected > 15, `${rejected} of 40`);
  });
});
