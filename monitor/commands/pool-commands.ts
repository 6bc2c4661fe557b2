import * as pool from '../../protocol/commands/pool.js';
import { evaluatePoolCreate } from './pool-create.js';
import { answerPoolLs, answerPoolStats } from './pool-queries.js';
import { evaluatePoolRename, evaluatePoolRm } from './pool-rm.js';
import { evaluatePoolSet } from './pool-set.js';
import type { CommandTable } from './types.js';

export function registerPoolCommands(table: CommandTable): void {
  table
    .onQuery(pool.poolLs, answerPoolLs)
    .onQuery(pool.poolStats, answerPoolStats)
    .onChange(pool.poolCreate, evaluatePoolCreate)
    .onChange(pool.poolSet, evaluatePoolSet)
    .onChange(pool.poolRm, evaluatePoolRm)
    .onChange(pool.poolRename, evaluatePoolRename);
}
