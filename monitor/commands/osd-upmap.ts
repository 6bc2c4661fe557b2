/** `osd upmap` and `osd rm-upmap`: exceptions from what CRUSH chooses for single PGs. */
import { checkUpmap } from '../../cluster/check-upmap.js';
import { type PgId, printPgId } from '../../cluster/ids.js';
import type { UpmapItem } from '../../cluster/upmap.js';
import type { ChangeReport } from '../../protocol/commands/fields.js';
import type { Effects } from '../state/types.js';
import { osdOf } from './osd-selection.js';
import { checkPg } from './pool-selection.js';
import type { CommandContext } from './types.js';

interface UpmapArgs {
  readonly pg: PgId;
  readonly items: readonly UpmapItem[];
}

export function evaluateOsdUpmap({ pg, items }: UpmapArgs, context: CommandContext): Effects<ChangeReport> {
  const { map } = context.state;
  checkPg(map, pg);
  const name = printPgId(pg);
  const text = items.map(({ from, to }) => `osd.${from} -> osd.${to}`).join(', ');
  if (isSame(map.upmaps.get(pg.pool)?.get(pg.pg) ?? [], items)) {
    return { result: { changed: [], messages: [`pg ${name} has that exception already: ${text}`] } };
  }
  for (const { from, to } of items) for (const osd of [from, to]) osdOf(map, osd);
  checkUpmap(map, pg, items);
  return {
    result: { changed: [name], messages: [`pg ${name} is placed with ${text}`] },
    changes: [{ kind: 'upmap', pg, items }],
    log: [{ severity: 'info', source: context.entity.name, message: `upmap of pg ${name}: ${text}` }],
  };
}

export function evaluateOsdRmUpmap({ pg }: { readonly pg: PgId }, context: CommandContext): Effects<ChangeReport> {
  const { map } = context.state;
  checkPg(map, pg);
  const name = printPgId(pg);
  if (map.upmaps.get(pg.pool)?.has(pg.pg) !== true) {
    return { result: { changed: [], messages: [`pg ${name} has no exception`] } };
  }
  return {
    result: { changed: [name], messages: [`pg ${name} is placed as CRUSH chooses`] },
    changes: [{ kind: 'upmap', pg, items: [] }],
    log: [{ severity: 'info', source: context.entity.name, message: `upmap of pg ${name} removed` }],
  };
}

function isSame(a: readonly UpmapItem[], b: readonly UpmapItem[]): boolean {
  return a.length === b.length && a.every(({ from, to }, index) => b[index]?.from === from && b[index]?.to === to);
}
