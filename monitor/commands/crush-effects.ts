/** What all changes of the CRUSH map have in common: they say how many PGs they move. */
import type { ClusterMap } from '../../cluster/map.js';
import type { CrushMap } from '../../crush/types.js';
import type { ChangeReport } from '../../protocol/commands/fields.js';
import type { Effects } from '../state/types.js';
import { creationChanges } from './osd-effects.js';
import { count } from './osd-selection.js';
import type { CommandContext } from './types.js';
import { rawSets } from './up-sets.js';

/** PGs mapped twice between two turns of the event loop: about 3 µs each way, and more where many OSDs are out. */
const pgsPerSlice = 256;

export function alreadySo(...messages: readonly string[]): Effects<ChangeReport> {
  return { result: { changed: [], messages } };
}

/** `what` was done to the thing called `name`; `changed` when there are several. */
export async function crushEffects(
  context: CommandContext,
  crush: CrushMap,
  name: string,
  what: string,
  changed: readonly string[] = [name],
): Promise<Effects<ChangeReport>> {
  const moves = await describeMoves(context, crush);
  return {
    result: { changed, messages: [`${what}: ${moves}`] },
    changes: [{ kind: 'crush', crush }, ...(await creationChanges(context, { ...context.state.map, crush }))],
    log: [{ severity: 'info', source: context.entity.name, message: `crush: ${what}: ${moves}` }],
  };
}

export interface Moves {
  readonly pgs: number;
  /** Mapped to other OSDs, or in another order. */
  readonly changed: number;
  /** Copies that have to move to another OSD. */
  readonly copies: number;
  /** Mapped to fewer OSDs than before. */
  readonly shortened: number;
}

export async function describeMoves(context: CommandContext, crush: CrushMap): Promise<string> {
  return movesText(await countMoves(context, { ...context.state.map, crush }));
}

export function movesText({ pgs, changed, copies, shortened }: Moves): string {
  const moving = changed === 0 ? '' : `, ${count(copies, 'copy', 'copies')} ${copies === 1 ? 'moves' : 'move'}`;
  const moves = `${changed} of ${count(pgs, 'PG mapping')} ${changed === 1 ? 'changes' : 'change'}${moving}`;
  return shortened === 0
    ? moves
    : `${moves}, ${count(shortened, 'PG')} ${shortened === 1 ? 'gets' : 'get'} fewer OSDs than now`;
}

/** Compares where the PGs of the pools of both maps should be. OSDs count whether they are up or not: they come back. */
export async function countMoves(context: CommandContext, after: ClusterMap): Promise<Moves> {
  const before = context.state.map;
  const from = rawSets(before);
  const to = rawSets(after);
  let pgs = 0;
  let changed = 0;
  let copies = 0;
  let shortened = 0;
  for (const { id, pgNum } of before.pools.values()) {
    for (let pg = 0; pg < pgNum; pg += 1) {
      const old = from(id, pg);
      const next = to(id, pg);
      if (old.length !== next.length || old.some((osd, index) => osd !== next[index])) changed += 1;
      copies += next.filter((osd) => !old.includes(osd)).length;
      if (next.length < old.length) shortened += 1;
      pgs += 1;
      if (pgs % pgsPerSlice === 0) await context.yieldTurn();
    }
  }
  return { pgs, changed, copies, shortened };
}
