import * as crush from '../../protocol/commands/crush.js';
import { evaluateCrushRmDeviceClass, evaluateCrushSetDeviceClass } from './crush-classes.js';
import {
  evaluateCrushAddBucket,
  evaluateCrushMove,
  evaluateCrushRename,
  evaluateCrushReweight,
  evaluateCrushRm,
} from './crush-hierarchy.js';
import { evaluateCrushAdd, evaluateCrushCreateOrMove } from './crush-place.js';
import { evaluateCrushRuleCreate, evaluateCrushRuleRename, evaluateCrushRuleRm } from './crush-rules.js';
import { answerCrushGet, evaluateCrushSet } from './crush-set.js';
import type { CommandTable } from './types.js';

export function registerCrushCommands(table: CommandTable): void {
  table
    .onQuery(crush.crushGet, answerCrushGet)
    .onChange(crush.crushSet, evaluateCrushSet, ({ map, confirmed }) => ({ mapBytes: map.byteLength, confirmed }))
    .onChange(crush.crushAddBucket, evaluateCrushAddBucket)
    .onChange(crush.crushAdd, evaluateCrushAdd)
    .onChange(crush.crushCreateOrMove, evaluateCrushCreateOrMove)
    .onChange(crush.crushMove, evaluateCrushMove)
    .onChange(crush.crushRename, evaluateCrushRename)
    .onChange(crush.crushRm, evaluateCrushRm)
    .onChange(crush.crushReweight, evaluateCrushReweight)
    .onChange(crush.crushSetDeviceClass, evaluateCrushSetDeviceClass)
    .onChange(crush.crushRmDeviceClass, evaluateCrushRmDeviceClass)
    .onChange(crush.crushRuleCreateReplicated, evaluateCrushRuleCreate)
    .onChange(crush.crushRuleRm, evaluateCrushRuleRm)
    .onChange(crush.crushRuleRename, evaluateCrushRuleRename);
}
