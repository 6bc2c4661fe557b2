/** Who may ask for what. */
import { type CapAccess, mayRun } from '../../cluster/caps.js';
import { CairnError } from '../../base/errors.js';
import type { Entity } from '../../cluster/map.js';
import type { Command } from '../../protocol/command.js';

/** As one would write it for somebody who is to have this right and those below. */
const capabilities: Readonly<Record<CapAccess, string>> = { r: 'allow r', w: 'allow rw', x: 'allow rwx' };

/** Throws `PERMISSION_DENIED` unless the entity's capability on the monitors covers the command. */
export function checkCaps(entity: Entity, { access, area }: Pick<Command<never, unknown>, 'access' | 'area'>): void {
  if (!mayRun(entity, { service: 'mon', access, area })) throw capsLacking(entity.name, access);
}

/** What is missing, not what was asked: one line of an operator may be several commands, with names of their own. */
export function capsLacking(entity: string, access: CapAccess): CairnError {
  const needed = `this needs the capability mon '${capabilities[access]}', which ${entity} lacks`;
  return new CairnError('PERMISSION_DENIED', `${needed}; see \`cairn auth get ${entity}\``);
}
