/** Bugs that async pools could have, each planted and found: `npm run sim:async-bugs` (test/sim/planted-bugs.ts). */
import { type PlantedBug, runPlantedCommand } from '../../planted-bugs.js';

const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'cut-and-not-parked',
    seed: 3,
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
    name: 'leave-undrained',
    seed: undefined,
    words: ['--faults', 'out,reweight,disk-stall,lose-tail'],
    changes: [
      {
        file: 'osd/pg/primary/joining.js',
        from: `await this.#primary.drained();`,
        to: ``,
      },
    ],
  },
  {
    name: 'sync-at-once',
    seed: undefined,
    words: ['--faults', 'crash,disk-stall,lose-tail'],
    changes: [
      {
        file: 'cluster/pg/next-record.js',
        from: `return term === 0 || isDrained || !isStricter(wanted, mode) ? wanted : mode;`,
        to: `return wanted;`,
      },
    ],
  },
];

runPlantedCommand('test/sim/cluster/async/sim-async.js', plantedBugs);
