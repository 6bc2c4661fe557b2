/** Bugs that async pools could have, each planted and found: `npm run sim:async-bugs` (test/sim/planted-bugs.ts). */
import { type PlantedBug, runPlantedCommand } from '../../planted-bugs.js';

const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'cut-and-not-parked',
    seed: 12,
    words: ['--faults', 'lose-tail'],
    changes: [
      {
        file: 'osd/pg/joiner-term.js',
        from: `await this.#park(common === undefined ? undefined : positionOfHeader(common));`,
        to: ``,
      },
    ],
  },
  {
    name: 'committed-taken-for-there',
    seed: 12,
    words: ['--faults', 'lose-tail'],
    changes: [
      {
        file: 'osd/pg/parked/find-tail.js',
        from: `common?.seq ?? note.everywhere`,
        to: `note.commit`,
      },
    ],
  },
];

runPlantedCommand('test/sim/cluster/async/sim-async.js', plantedBugs);
