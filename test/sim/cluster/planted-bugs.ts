/** The bugs of `planted-bug-list.ts`, each planted and found: `npm run sim:cluster-bugs` (test/sim/planted-bugs.ts). */
import { runPlantedCommand } from '../planted-bugs.js';
import { plantedBugs } from './planted-bug-list.js';

runPlantedCommand('test/sim/cluster/sim-cluster.js', plantedBugs);
