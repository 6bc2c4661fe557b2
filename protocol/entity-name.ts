/** `TYPE.ID` of whoever has a key: `client.admin`, `osd.3`, `mon.a`. */
import { CairnError } from '../base/errors.js';

export const entityTypes = ['client', 'osd', 'mon', 'gateway', 'volume'] as const;
export type EntityType = (typeof entityTypes)[number];

/** As in the cluster map. */
export const entityNameLengthMax = 64;
/** The id starts with a letter or digit: it becomes part of file names and of unit names. */
export const entityNamePattern = /^(?=.{3,64}$)(?:client|osd|mon|gateway|volume)\.[A-Za-z0-9][A-Za-z0-9_.-]*$/;

/** Throws `INVALID_ARGUMENT` with what is wrong. */
export function parseEntityName(text: string): { readonly type: EntityType; readonly id: string } {
  const [typeText = '', ...rest] = text.slice(0, entityNameLengthMax + 1).split('.');
  const type = entityTypes.find((known) => known === typeText);
  if (type === undefined) {
    throw new CairnError(
      'INVALID_ARGUMENT',
      `"${text.slice(0, entityNameLengthMax)}" does not start with a type; write TYPE.ID, of the types ${entityTypes.join(', ')}`,
    );
  }
  const id = rest.join('.');
  if (!entityNamePattern.test(`${type}.${id}`)) {
    throw new CairnError(
      'INVALID_ARGUMENT',
      `"${id}" cannot follow ${type}.; write a letter or digit, then letters, digits, dots, dashes, underscores, 64 in all`,
    );
  }
  if (type === 'osd' && !/^(?:0|[1-9][0-9]{0,7})$/.test(id)) {
    throw new CairnError('INVALID_ARGUMENT', `"${id}" is no OSD id; write a number, such as osd.3`);
  }
  return { type, id };
}
