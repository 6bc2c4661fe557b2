/** `crush get` and `set`: the map as a whole. */
import { CairnError } from '../../base/errors.js';
import { type OsdId, osdId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import { decodeCrushBinary, encodeCrushBinary } from '../../crush/binary-codec.js';
import { validateCrushMap } from '../../crush/edit/validate.js';
import type { CrushMap } from '../../crush/types.js';
import { equalBytes } from '../../base/bytes.js';
import type { CrushGot } from '../../protocol/commands/crush.js';
import type { ChangeReport } from '../../protocol/commands/fields.js';
import type { Effects } from '../state/types.js';
import { alreadySo, countMoves, movesText } from './crush-effects.js';
import { creationChanges } from './osd-effects.js';
import { nameOsds } from './osd-selection.js';
import type { CommandContext } from './types.js';

export function answerCrushGet(_args: unknown, { state }: CommandContext): CrushGot {
  return { map: encodeCrushBinary(state.map.crush) };
}

interface SetArgs {
  readonly map: Uint8Array;
  readonly confirmed: boolean;
}

/** As a whole: what others changed since the map was read is lost, so it says what moves and what has no place any more. */
export async function evaluateCrushSet(
  { map: bytes, confirmed }: SetArgs,
  context: CommandContext,
): Promise<Effects<ChangeReport>> {
  const { map } = context.state;
  if (equalBytes(bytes, encodeCrushBinary(map.crush))) return alreadySo('the cluster has this CRUSH map already');
  const crush = decodeCrushBinary(bytes);
  validateCrushMap(crush);
  checkRules(map, crush);
  const after = { ...map, crush };
  const moves = await countMoves(context, after);
  const warnings = [movesText(moves), ...displacedText(map, crush)].join('; ');
  if (!confirmed && (moves.changed > 0 || displaced(map, crush).length > 0)) {
    throw new CairnError('CONFLICT', `with this CRUSH map ${warnings}; add --yes if you mean it`);
  }
  return {
    result: { changed: ['crush'], messages: [`the CRUSH map is set: ${warnings}`] },
    changes: [{ kind: 'crush', crush }, ...(await creationChanges(context, after))],
    log: [{ severity: 'warn', source: context.entity.name, message: `crush map set: ${warnings}` }],
  };
}

function checkRules({ pools }: ClusterMap, crush: CrushMap): void {
  for (const { name, rule } of pools.values()) {
    if (crush.rules.has(rule)) continue;
    throw new CairnError('CONFLICT', `pool ${name} uses rule ${rule}, which this CRUSH map lacks; add it to the map`);
  }
}

function displacedText(map: ClusterMap, crush: CrushMap): string[] {
  const osds = displaced(map, crush);
  if (osds.length === 0) return [];
  return [`${nameOsds(osds)} ${osds.length === 1 ? 'has' : 'have'} a place in the present map only`];
}

/** OSDs of the cluster that CRUSH knows now and would not any more: perhaps they came after the map was read. */
function displaced({ osds, crush: before }: ClusterMap, after: CrushMap): { readonly id: OsdId }[] {
  const later = placed(after);
  return [...placed(before)]
    .filter((id) => !later.has(id) && osds.has(osdId(id)))
    .sort((a, b) => a - b)
    .map((id) => ({ id: osdId(id) }));
}

function placed(crush: CrushMap): Set<number> {
  const devices = new Set<number>();
  for (const { items } of crush.buckets.values()) for (const { id } of items) if (id >= 0) devices.add(id);
  return devices;
}
