/** `cairn pg …`. */
import type { Command } from 'commander';
import type { CliContext } from './context.js';
import { addPgAcceptLoss } from './pg-accept-loss.js';
import { addPgForce } from './pg-force.js';
import { addPgDump, addPgLs } from './pg-ls.js';
import { addPgMap, addPgStat } from './pg-map.js';
import { addPgParked } from './pg-parked.js';
import { addPgScrubs } from './pg-scrub.js';
import { addPgQuery } from './pg-query.js';

export function registerPgCommands(program: Command, context: CliContext): void {
  const pg = program.command('pg').description('Look at placement groups, and continue those that are lost.');
  addPgStat(pg, context);
  addPgLs(pg, context);
  addPgDump(pg, context);
  addPgMap(pg, context);
  addPgQuery(pg, context);
  addPgScrubs(pg, context);
  addPgAcceptLoss(pg, context);
  addPgParked(pg, context);
  addPgForce(pg, context);
}
