/**
 * A cluster of processes that are killed, hang and lose their disks, while clients work with it. Each case has a load of its
 * own, which is verified at its end, and once more after all cases: nothing acknowledged is lost, nothing read is wrong.
 *
 *     ROUNDS=20 npx mocha dist/test/processes/cluster/faults.test.js
 */
import { crashCases } from './crashes.js';
import { diskCases } from './disks.js';
import { fullCases } from './full-disks.js';
import { hangCases } from './hangs.js';
import { moveCases } from './moves.js';
import { UnderLoad } from './under-load.js';

describe('a cluster of processes under load', function () {
  const rounds = Number(process.env['ROUNDS'] ?? 1);
  this.timeout(rounds * 300_000);
  const underLoad = new UnderLoad({ monitors: 3, osds: 5, osdSize: '128MiB', segmentSize: '8MiB', pgNum: 16 });

  before(() => underLoad.start());
  after(() => underLoad.end());

  for (let round = 1; round <= rounds; round++) {
    for (const { title, ...one } of [...crashCases, ...hangCases, ...diskCases, ...fullCases, ...moveCases]) {
      it(rounds === 1 ? title : `${title} (${round})`, () => underLoad.run({ ...one, round }));
    }
  }

  it('what was written in any of these cases reads as it should', () => underLoad.verifyAll());
});
