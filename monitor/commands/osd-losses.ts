/** What PGs lose when stores of OSDs are given up. */
import type { ClusterMap } from '../../cluster/map.js';
import type { OsdInfo } from '../../cluster/osd.js';
import { markOsds } from '../../cluster/pg/plan-osd-change.js';
import { planStepScanCount } from '../../cluster/pg/plan.js';
import { count } from './osd-selection.js';
import type { CommandContext } from './types.js';

export interface Losses {
  /** PGs that have one of the stores among their members. */
  readonly pgs: number;
  /** Of these, those whose other members are gone, or given up as well: nobody has their data then. */
  readonly last: number;
  /** Of these, those that have others, but none that is up. */
  readonly waiting: number;
  /** Of these, those that have others and whose mode is async: the others may lack what was acknowledged last. */
  readonly behind: number;
  /** Objects with writes that failovers cut off, which these stores keep, as far as they have said so. */
  readonly parked: number;
}

export async function countLosses(context: CommandContext, given: readonly OsdInfo[]): Promise<Losses> {
  const { map } = context.state;
  const stores = new Map(given.filter(({ uuid }) => uuid !== undefined).map(({ id, store }) => [id as number, store]));
  const marks = markOsds(given.map(({ id }) => id));
  const cursor = map.records.cursor();
  const parked = given.reduce((sum, { id }) => sum + (context.soft.osds.get(id)?.parked?.objects ?? 0), 0);
  const losses = { pgs: 0, last: 0, waiting: 0, behind: 0, parked };
  for (;;) {
    const found = cursor.nextMarked(marks, planStepScanCount);
    if (found === 'end') return losses;
    if (found === 'paused') {
      await context.yieldTurn();
      continue;
    }
    let isHit = false;
    let hasOther = false;
    let hasOtherUp = false;
    for (let member = 0; member < cursor.memberCount; member += 1) {
      const osd = cursor.osdAt(member);
      if (stores.get(osd) === cursor.storeAt(member)) isHit = true;
      else {
        const standing = standingOf(map, osd, cursor.storeAt(member));
        hasOther ||= standing !== 'gone';
        hasOtherUp ||= standing === 'up';
      }
    }
    if (!isHit) continue;
    losses.pgs += 1;
    if (hasOther && cursor.ackCopies > 0) losses.behind += 1;
    if (!hasOther) losses.last += 1;
    else if (!hasOtherUp) losses.waiting += 1;
  }
}

function standingOf(map: ClusterMap, id: number, store: number): 'gone' | 'down' | 'up' {
  // Ids in records are OSD ids: the map's keys are compared as numbers.
  const osd = map.osds.get(id as OsdInfo['id']);
  if (osd?.uuid === undefined || osd.store !== store) return 'gone';
  return osd.isUp ? 'up' : 'down';
}

export function lossesText({ pgs, last, waiting, behind, parked }: Losses): string {
  const parts = [pgs === 0 ? 'no PG loses a member' : `${count(pgs, 'PG')} ${pgs === 1 ? 'loses' : 'lose'} a member`];
  if (last > 0) parts.push(`${last} of them ${last === 1 ? 'has' : 'have'} no other, so their data is gone`);
  if (waiting > 0) parts.push(`${waiting} of them ${waiting === 1 ? 'waits' : 'wait'} for others that are down`);
  if (behind > 0)
    parts.push(`${behind} of them ${behind === 1 ? 'is' : 'are'} async, so others may lack the last writes`);
  if (parked > 0) parts.push(`${count(parked, 'object')} with parked writes ${parked === 1 ? 'goes' : 'go'} along`);
  return parts.join(', ');
}
