/** `osd reweight`: the share of its CRUSH weight that an OSD takes. */
import type { OsdId } from '../../cluster/ids.js';
import { weightOne } from '../../crush/types.js';
import type { ChangeReport } from '../../protocol/commands/fields.js';
import type { Effects } from '../state/types.js';
import { osdOf } from './osd-selection.js';
import type { CommandContext } from './types.js';

interface ReweightArgs {
  readonly id: OsdId;
  /** 16.16 */
  readonly reweight: number;
}

export function evaluateOsdReweight({ id, reweight }: ReweightArgs, context: CommandContext): Effects<ChangeReport> {
  const osd = osdOf(context.state.map, id);
  const share = (reweight / weightOne).toFixed(5);
  if (osd.reweight === reweight) {
    return { result: { changed: [], messages: [`osd.${id} has a reweight of ${share} already`] } };
  }
  const messages = [`osd.${id} has a reweight of ${share}, ${(osd.reweight / weightOne).toFixed(5)} before`];
  if (!osd.isIn) messages.push(`osd.${id} is out: this counts from \`cairn osd in ${id}\` on`);
  if (reweight === 0) messages.push(`osd.${id} takes no data with it; \`cairn osd out ${id}\` does so and can be seen`);
  return {
    result: { changed: [`osd.${id}`], messages },
    changes: [{ kind: 'osd', osd: { ...osd, reweight } }],
    log: [{ severity: 'info', source: context.entity.name, message: `osd.${id} reweighted to ${share}` }],
  };
}
