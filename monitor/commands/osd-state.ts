/** `osd in` and `osd out`: whether CRUSH gives an OSD data. No record changes with it: the data moves first. */
import type { MapChange } from '../../cluster/change.js';
import type { OsdInfo } from '../../cluster/osd.js';
import { weightOne } from '../../crush/types.js';
import type { ChangeReport, OsdSelection } from '../../protocol/commands/fields.js';
import type { Effects } from '../state/types.js';
import { nameOsds, selectOsds } from './osd-selection.js';
import type { CommandContext } from './types.js';

interface Selected {
  readonly osds: OsdSelection;
}

export function evaluateOsdIn({ osds: selection }: Selected, context: CommandContext): Effects<ChangeReport> {
  const osds = selectOsds(context.state.map, selection);
  const changed = osds.filter((osd) => !osd.isIn || osd.isAutoOut);
  const messages = [];
  const marked = changed.filter(({ isIn }) => !isIn);
  if (marked.length > 0) messages.push(`marked in ${nameOsds(marked)}`);
  noteAlready(messages, osds, changed, 'in');
  for (const { id, reweight } of marked) {
    if (reweight === weightOne) continue;
    messages.push(`osd.${id} has its reweight of ${(reweight / weightOne).toFixed(5)} again`);
  }
  return effects(changed, true, messages, context);
}

export function evaluateOsdOut({ osds: selection }: Selected, context: CommandContext): Effects<ChangeReport> {
  const { map } = context.state;
  const osds = selectOsds(map, selection);
  // Out by itself becomes out by order: it then stays so when it boots.
  const changed = osds.filter((osd) => osd.isIn || osd.isAutoOut);
  const messages = [];
  const marked = changed.filter(({ isIn }) => isIn);
  if (marked.length > 0) messages.push(`marked out ${nameOsds(marked)}`);
  const kept = changed.filter(({ isIn }) => !isIn);
  if (kept.length > 0) messages.push(`${nameOsds(kept)} stays out when it boots, until \`cairn osd in\``);
  noteAlready(messages, osds, changed, 'out');
  if (marked.length > 0 && map.flags.has('norebalance')) {
    messages.push('norebalance is set: no data moves until `cairn osd unset norebalance`');
  }
  return effects(changed, false, messages, context);
}

function noteAlready(
  messages: string[],
  osds: readonly OsdInfo[],
  changed: readonly OsdInfo[],
  what: 'in' | 'out',
): void {
  const already = osds.filter((osd) => !changed.includes(osd));
  if (already.length > 0) messages.push(`${nameOsds(already)} ${already.length === 1 ? 'is' : 'are'} already ${what}`);
  if (osds.length === 0) messages.push('the map has no OSD');
}

function effects(
  osds: readonly OsdInfo[],
  isIn: boolean,
  messages: string[],
  { entity }: CommandContext,
): Effects<ChangeReport> {
  const changes = osds.map((osd): MapChange => changeTo(osd, isIn));
  const result = { changed: osds.map(({ id }) => `osd.${id}`), messages };
  if (changes.length === 0) return { result };
  const [message = ''] = messages;
  return { result, changes, log: [{ severity: 'info', source: entity.name, message }] };
}

/** An order of somebody: what the cluster decided by itself no longer counts. */
function changeTo(osd: OsdInfo, isIn: boolean): MapChange {
  return { kind: 'osd', osd: { ...osd, isIn, isAutoOut: false } };
}
