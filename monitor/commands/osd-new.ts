/** `osd.new`: an id and a key for a new disk. */
import { type OsdId, osdId } from '../../cluster/ids.js';
import { freeOsdId } from '../../cluster/osd-registration.js';
import type { IssuedKey } from '../../protocol/commands/auth.js';
import type { Effects } from '../state/types.js';
import { addEntity } from './auth.js';
import type { CommandContext } from './types.js';

/** All that an OSD needs: of the monitors, as other OSDs know each other by their names. */
const osdCaps = [['mon', 'profile osd']] as const;

/**
 * The key makes the id taken (`freeOsdId`), so two operators with a disk each never get the same one; the OSD itself is in
 * the map from its first registration on.
 */
export function evaluateOsdNew(
  { osd }: { readonly osd?: OsdId | undefined },
  context: CommandContext,
): Effects<IssuedKey & { readonly id: number; readonly isNew: boolean }> {
  const id = osd === undefined ? freeOsdId(context.state.map) : osdId(osd);
  const effects = addEntity({ name: `osd.${id}`, caps: osdCaps }, context);
  return { ...effects, result: { ...effects.result, id } };
}
