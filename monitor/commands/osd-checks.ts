/** `osd ok-to-stop` and `osd safe-to-destroy`: what each PG would say to it, by its record and its primary's report. */
import { type OsdId, poolId, printPgId } from '../../cluster/ids.js';
import { isGone } from '../../cluster/map.js';
import type { Member } from '../../cluster/pg-record.js';
import { objectionsMax, type OsdObjection, type OsdVerdict } from '../../protocol/commands/osd-safety.js';
import { isAvailable } from '../health/pg-states.js';
import { count, nameOsds, selectOsds } from './osd-selection.js';
import { type PgOfOsd, pgsOfOsds } from './pgs-of-osds.js';
import type { CommandContext } from './types.js';

interface Args {
  readonly osds: OsdId[];
}

/** Between two turns of the event loop: about a millisecond's worth. */
const pgsPerSlice = 2_048;

type Judge = (pg: PgOfOsd, osds: ReadonlySet<OsdId>) => string | undefined;

export async function answerOkToStop({ osds }: Args, context: CommandContext): Promise<OsdVerdict> {
  return judged(context, osds, againstStop);
}

export async function answerSafeToDestroy({ osds }: Args, context: CommandContext): Promise<OsdVerdict> {
  const { map } = context.state;
  const verdict = await judged(context, osds, ({ record, picture }, wanted) => {
    const counts = (member: Member): boolean => wanted.has(member.osd) && !isGone(map, member);
    const holders = [...record.acting, ...record.eligible].filter(counts);
    if (holders.length === 0) return undefined;
    const isOnly = [...record.acting, ...record.eligible].every((member) => counts(member) || isGone(map, member));
    const held = `has ${isOnly ? 'all its copies' : 'a copy'} on ${nameOsds(holders.map(({ osd }) => ({ id: osd })))}`;
    return `${held}, and is ${picture.state}`;
  });
  const reason = `is lost: whatever a disk still has of it is all there is; see \`cairn pg force\``;
  const lost = (await lostPgs(context)).map((pg) => ({ pg, reason }));
  const more = [...lost, ...parkedOn(context, osds)];
  if (more.length === 0) return verdict;
  const objections = [...verdict.objections, ...more].slice(0, objectionsMax);
  return { isOk: false, pgs: verdict.pgs, objecting: verdict.objecting + more.length, objections };
}

/** Writes that failovers cut off are where they were written, and nowhere else. */
function parkedOn({ soft }: CommandContext, osds: readonly OsdId[]): OsdObjection[] {
  return osds.flatMap((osd) =>
    (soft.osds.get(osd)?.parked?.pgs ?? []).map(([pool, pg, objects]) => {
      const reason = `has ${count(objects, 'object')} parked on osd.${osd}; see \`cairn pg parked ls --osd ${osd}\``;
      return { pg: printPgId({ pool: poolId(pool), pg }), reason };
    }),
  );
}

/** A copy that no record counts is worth something only where nobody else has one. */
async function lostPgs(context: CommandContext): Promise<string[]> {
  const { map } = context.state;
  const lost: string[] = [];
  const cursor = map.records.cursor();
  for (let scanned = 1; cursor.next(); scanned += 1) {
    if (scanned % pgsPerSlice === 0) await context.yieldTurn();
    if (cursor.memberCount === 0) continue;
    const { acting, eligible } = cursor.record();
    if ([...acting, ...eligible].every((member) => isGone(map, member))) {
      lost.push(printPgId({ pool: cursor.pool, pg: cursor.pg }));
    }
  }
  return lost;
}

/** It stops nobody but who acts: the others are asked for nothing. */
function againstStop({ pool, record, picture }: PgOfOsd, osds: ReadonlySet<OsdId>): string | undefined {
  const stopping = record.acting.filter(({ osd }) => osds.has(osd)).length;
  if (stopping === 0 && !record.eligible.some(({ osd }) => osds.has(osd))) return undefined;
  if (!isAvailable(picture.state)) return `is ${picture.state}: it serves nobody now`;
  const left = record.acting.length - stopping;
  if (left < pool.minSize)
    return `would have ${left} of the ${count(pool.minSize, 'copy', 'copies')} that it needs to serve`;
  const { mode } = record;
  // Whatever was acknowledged the primary has, and so many more as were to have it.
  const [primary] = record.acting;
  const isPrimary = primary !== undefined && osds.has(primary.osd);
  if (mode.kind === 'async' && isPrimary && stopping >= mode.ackCopies) {
    return `is async: what was acknowledged last may be on ${count(stopping, 'OSD')} of these only`;
  }
  return undefined;
}

/** PGs that nobody of these is a member of have nothing to say. Throws `NOT_FOUND`. */
async function judged(context: CommandContext, selected: OsdId[], judge: Judge): Promise<OsdVerdict> {
  const osds = new Set(selectOsds(context.state.map, selected).map(({ id }) => id));
  const objections: OsdObjection[] = [];
  let pgs = 0;
  let objecting = 0;
  for await (const found of pgsOfOsds(context, [...osds])) {
    pgs += 1;
    const reason = judge(found, osds);
    if (reason === undefined) continue;
    objecting += 1;
    if (objections.length < objectionsMax) objections.push({ pg: printPgId(found.pg), reason });
  }
  return { isOk: objecting === 0, pgs, objecting, objections };
}
