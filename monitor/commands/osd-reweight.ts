/** `osd reweight`: the share of its CRUSH weight that an OSD takes; as in Ceph, 0 is out and more is in. */
import type { OsdId } from '../../cluster/ids.js';
import { setReweight } from '../../cluster/osd-changes.js';
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
  const changes = setReweight(context.state.map, id, reweight);
  if (changes.length === 0) {
    return {
      result: {
        changed: [],
        messages: [reweight === 0 ? `osd.${id} is already out` : `osd.${id} has a reweight of ${share} already`],
      },
    };
  }
  const before = osd.isIn ? (osd.reweight / weightOne).toFixed(5) : 'out';
  const message =
    reweight === 0
      ? `marked out osd.${id}, as a reweight of 0 means`
      : `osd.${id} has a reweight of ${share}, ${before} before`;
  return {
    result: { changed: [`osd.${id}`], messages: [message] },
    changes,
    log: [{ severity: 'info', source: context.entity.name, message }],
  };
}
