import * as safety from '../../protocol/commands/osd-safety.js';
import * as osd from '../../protocol/commands/osd.js';
import { answerOkToStop, answerSafeToDestroy } from './osd-checks.js';
import { answerDrainStatus, evaluateOsdDrain } from './osd-drain.js';
import { evaluateOsdLost, evaluateOsdPurge, evaluateOsdRm } from './osd-destroy.js';
import { evaluateOsdSet, evaluateOsdUnset } from './osd-flags.js';
import { evaluateOsdNew } from './osd-new.js';
import { answerOsdDump, answerOsdFind, answerOsdLs, answerOsdStat } from './osd-queries.js';
import { evaluateOsdGoodbye, evaluateOsdRegister } from './osd-register.js';
import { evaluateOsdReweight } from './osd-reweight.js';
import { evaluateOsdDown, evaluateOsdIn, evaluateOsdOut } from './osd-state.js';
import { answerOsdDf, answerOsdTree } from './osd-tree.js';
import { evaluateOsdRmUpmap, evaluateOsdUpmap } from './osd-upmap.js';
import type { CommandTable } from './types.js';

export function registerOsdCommands(table: CommandTable): void {
  table
    .onQuery(osd.osdTree, answerOsdTree)
    .onQuery(osd.osdDf, answerOsdDf)
    .onQuery(osd.osdFind, answerOsdFind)
    .onQuery(osd.osdLs, answerOsdLs)
    .onQuery(osd.osdStat, answerOsdStat)
    .onQuery(osd.osdDump, answerOsdDump)
    .onQuery(safety.osdOkToStop, answerOkToStop)
    .onQuery(safety.osdSafeToDestroy, answerSafeToDestroy)
    .onQuery(safety.osdDrainStatus, answerDrainStatus)
    .onChange(safety.osdDrain, evaluateOsdDrain)
    .onChange(osd.osdNew, evaluateOsdNew)
    .onChange(osd.osdRegister, evaluateOsdRegister)
    .onChange(osd.osdGoodbye, evaluateOsdGoodbye)
    .onChange(osd.osdIn, evaluateOsdIn)
    .onChange(osd.osdOut, evaluateOsdOut)
    .onChange(osd.osdDown, evaluateOsdDown)
    .onChange(osd.osdLost, evaluateOsdLost)
    .onChange(osd.osdRm, evaluateOsdRm)
    .onChange(osd.osdPurge, evaluateOsdPurge)
    .onChange(osd.osdReweight, evaluateOsdReweight)
    .onChange(osd.osdSet, evaluateOsdSet)
    .onChange(osd.osdUnset, evaluateOsdUnset)
    .onChange(osd.osdUpmap, evaluateOsdUpmap)
    .onChange(osd.osdRmUpmap, evaluateOsdRmUpmap);
}
