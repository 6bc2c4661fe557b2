/**
 * `osd in`, `out` and `down`. In and out decide where CRUSH puts data, and no record changes with them: the data moves
 * first. Down takes OSDs out of the acting sets at once.
 */
import type { MapChange } from '../../cluster/change.js';
import type { OsdInfo } from '../../cluster/osd.js';
import { weightOne } from '../../crush/types.js';
import type { ChangeReport, OsdSelection } from '../../protocol/commands/fields.js';
import type { Effects } from '../state/types.js';
import { creationChanges, downAtNextEpoch, mapWithOsds, recordChanges } from './osd-effects.js';
import { count, nameOsds, selectOsds } from './osd-selection.js';
import type { CommandContext } from './types.js';

interface Selected {
  readonly osds: OsdSelection;
}

type Outcome = Promise<Effects<ChangeReport>>;

export async function evaluateOsdIn({ osds: selection }: Selected, context: CommandContext): Outcome {
  const osds = selectOsds(context.state.map, selection);
  const marked = osds.filter(({ isIn }) => !isIn);
  const messages = [...doneTo(marked, 'marked in'), ...alreadyOf(osds, marked, 'in')];
  for (const { id, reweight } of marked) {
    if (reweight !== weightOne) {
      messages.push(`osd.${id} has its reweight of ${(reweight / weightOne).toFixed(5)} again`);
    }
  }
  return effects(context, marked.map(comeIn), messages);
}

export async function evaluateOsdOut({ osds: selection }: Selected, context: CommandContext): Outcome {
  const { map } = context.state;
  const osds = selectOsds(map, selection);
  const marked = osds.filter(({ isIn }) => isIn);
  // Out by itself becomes out by order: it then stays so when it boots.
  const kept = osds.filter(({ isAutoOut }) => isAutoOut);
  const messages = [...doneTo(marked, 'marked out'), ...alreadyOf(osds, [...marked, ...kept], 'out')];
  if (kept.length > 0) messages.push(`${nameOsds(kept)} ${kept.length === 1 ? 'is' : 'are'} out for good now`);
  if (marked.length > 0) messages.push(...outWarnings(map.osds.values(), marked, map.flags.has('norebalance')));
  return effects(context, [...marked, ...kept].map(goOut), messages);
}

export async function evaluateOsdDown({ osds: selection }: Selected, context: CommandContext): Outcome {
  const { map } = context.state;
  const osds = selectOsds(map, selection);
  const marked = osds.filter(({ isUp }) => isUp);
  const messages = [...doneTo(marked, 'marked down'), ...alreadyOf(osds, marked, 'down')];
  if (marked.length > 0) {
    messages.push(
      map.flags.has('noup')
        ? 'noup is set: they stay down until `cairn osd unset noup`'
        : 'one that is alive says so and comes up again by itself; `cairn osd set noup` prevents that',
    );
  }
  const down = marked.map((osd) => downAtNextEpoch(osd, context));
  const ids = down.map(({ id }) => id);
  const records = await recordChanges(context, mapWithOsds(map, down), ids);
  return report(context, down, messages, records);
}

function* outWarnings(all: Iterable<OsdInfo>, marked: readonly OsdInfo[], isStill: boolean): Generator<string> {
  if (isStill) yield 'norebalance is set: no data moves until `cairn osd unset norebalance`';
  const left = [...all].filter((osd) => osd.isIn && !marked.includes(osd)).length;
  if (left === 0) yield 'no OSD is in any more: data stays where it is, and new pools get no place';
}

function doneTo(osds: readonly OsdInfo[], what: string): string[] {
  return osds.length === 0 ? [] : [`${what} ${nameOsds(osds)}`];
}

function alreadyOf(osds: readonly OsdInfo[], changed: readonly OsdInfo[], what: string): string[] {
  if (osds.length === 0) return ['the map has no OSD'];
  const already = osds.filter((osd) => !changed.includes(osd));
  return already.length === 0 ? [] : [`${nameOsds(already)} ${already.length === 1 ? 'is' : 'are'} already ${what}`];
}

function comeIn(osd: OsdInfo): OsdInfo {
  return { ...osd, isIn: true, isAutoOut: false };
}

function goOut(osd: OsdInfo): OsdInfo {
  return { ...osd, isIn: false, isAutoOut: false };
}

/** PGs that had too few OSDs to begin with may have enough now. */
async function effects(context: CommandContext, osds: readonly OsdInfo[], messages: readonly string[]): Outcome {
  if (osds.length === 0) return report(context, osds, messages, []);
  return report(context, osds, messages, await creationChanges(context, mapWithOsds(context.state.map, osds)));
}

function report(
  { entity }: CommandContext,
  osds: readonly OsdInfo[],
  given: readonly string[],
  consequences: readonly MapChange[],
): Effects<ChangeReport> {
  const pgs = consequences.reduce((sum, change) => sum + (change.kind === 'records' ? change.pgs.length : 0), 0);
  const messages = pgs === 0 ? given : [...given, `${count(pgs, 'PG')} ${pgs === 1 ? 'gets' : 'get'} other members`];
  const result = { changed: osds.map(({ id }) => `osd.${id}`), messages };
  if (osds.length === 0) return { result };
  const [message = ''] = messages;
  return {
    result,
    changes: [...osds.map((osd): MapChange => ({ kind: 'osd', osd })), ...consequences],
    log: [{ severity: 'info', source: entity.name, message }],
  };
}
