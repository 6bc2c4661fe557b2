/** The bugs of `planted-bug-list.ts`, each planted and found: `npm run sim:scrub-bugs` (test/sim/planted-bugs.ts). */
import { runPlantedCommand } from '../../sim/planted-bugs.js';
import { plantedBugs } from './planted-bug-list.js';

runPlantedCommand('test/osd/scrub/sim-scrub.js', plantedBugs);
