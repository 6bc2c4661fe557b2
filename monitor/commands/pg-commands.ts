import * as pg from '../../protocol/commands/pg.js';
import { evaluatePgForce } from './pg-force.js';
import { answerPgLs, answerPgMap, answerPgStat } from './pg-queries.js';
import { evaluatePgAdmit, evaluatePgBump, evaluatePgConfirm, evaluatePgLeave, evaluatePgNote } from './pg-records.js';
import type { CommandTable } from './types.js';

export function registerPgCommands(table: CommandTable): void {
  table
    .onQuery(pg.pgMap, answerPgMap)
    .onQuery(pg.pgLs, answerPgLs)
    .onQuery(pg.pgStat, answerPgStat)
    .onChange(pg.pgConfirm, evaluatePgConfirm)
    .onChange(pg.pgAdmit, evaluatePgAdmit)
    .onChange(pg.pgLeave, evaluatePgLeave)
    .onChange(pg.pgBump, evaluatePgBump)
    .onChange(pg.pgNote, evaluatePgNote)
    .onChange(pg.pgForce, evaluatePgForce);
}
