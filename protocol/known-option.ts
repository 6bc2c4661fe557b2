import { CairnError } from '../base/errors.js';
import { nearest } from '../base/nearest.js';
import { type ConfigName, configNames, findConfigName } from '../cluster/config-options.js';

/** The option that `text` names, in full. Throws `NOT_FOUND` with the one that was meant, perhaps. */
export function knownOption(text: string): ConfigName {
  const found = findConfigName(text);
  if (found !== undefined) return found;
  const near = nearest(text, configNames);
  const hint = near === undefined ? 'see `cairn config ls`' : `did you mean ${near}? See \`cairn config ls\``;
  throw new CairnError('NOT_FOUND', `there is no option ${text.slice(0, 64)}; ${hint}`);
}
