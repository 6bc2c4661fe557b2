/** `pool set`: what can be changed of a pool while it serves. */
import { CairnError } from '../../base/errors.js';
import { showBytes } from '../../base/parse-bytes.js';
import { showDuration } from '../../base/parse-duration.js';
import { checkPool } from '../../cluster/check/check-pool.js';
import type { MapChange } from '../../cluster/change.js';
import { effectiveConfig } from '../../cluster/config.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { PgRecords } from '../../cluster/pg-records.js';
import { planSplitSteps } from '../../cluster/pg/plan-split.js';
import { checkSplit, splitFactorMax } from '../../cluster/pg/split.js';
import { isStricter, recordMode } from '../../cluster/pg/next-record.js';
import { planModeSwitchSteps } from './plan-mode-switch.js';
import { type Pool, type PoolFlag, type PoolMode, poolFlags } from '../../cluster/pool.js';
import type { ChangeReport } from '../../protocol/commands/fields.js';
import type { Effects } from '../state/types.js';
import { countMoves, movesText } from './crush-effects.js';
import { creationChanges } from './osd-effects.js';
import { count } from './osd-selection.js';
import { checkPgsPerOsd, unevenText } from './pgs-per-osd.js';
import { replicatedRuleNamed, ruleText, shortageText } from './pool-rules.js';
import { unsafeText } from './pool-safety.js';
import { poolNamed } from './pool-selection.js';
import { runSliced } from './run-sliced.js';
import type { CommandContext } from './types.js';

export interface PoolSetArgs {
  readonly name: string;
  readonly size?: number | undefined;
  readonly minSize?: number | undefined;
  readonly pgNum?: number | undefined;
  readonly rule?: string | undefined;
  readonly mode?: PoolMode | undefined;
  readonly quotaBytes?: number | undefined;
  readonly quotaObjects?: number | undefined;
  readonly application?: string | undefined;
  readonly flags?: readonly { readonly flag: PoolFlag; readonly isSet: boolean }[] | undefined;
  readonly confirmed: boolean;
}

export async function evaluatePoolSet(args: PoolSetArgs, context: CommandContext): Promise<Effects<ChangeReport>> {
  const { map } = context.state;
  const before = poolNamed(map, args.name);
  const after = changedPool(before, args, map);
  checkPgNum(map, before, after);
  checkPool(after);
  const done = differences(before, after, map);
  if (done.length === 0) return { result: { changed: [], messages: [`pool ${before.name} is so already`] } };
  const unsafe = unsafeText(before, after);
  if (unsafe !== undefined && !args.confirmed) {
    throw new CairnError('CONFLICT', `${unsafe}; add --yes if you mean it`);
  }
  const split = after.pgNum === before.pgNum ? [] : await runSliced(context, planSplitSteps(map, after));
  const mapAfter = {
    ...map,
    pools: new Map(map.pools).set(after.id, after),
    records: split.reduce(
      (records, { pool, pgs, records: own }) => records.with(pool, pgs, own),
      recordsFor(map, after),
    ),
  };
  const isMoved = after.rule !== before.rule || after.size !== before.size;
  const moves = isMoved ? `: ${movesText(await countMoves(context, mapAfter))}` : '';
  const records = [...split, ...(await recordsOf(context, before, after, mapAfter))];
  const message = `pool ${after.name} has ${done.join(', ')}${moves}`;
  return {
    result: { changed: [after.name], messages: [message, ...advice(before, after, map, records)] },
    changes: [{ kind: 'pool', pool: after }, ...records],
    log: [{ severity: 'info', source: context.entity.name, message }],
  };
}

/**
 * Throws `UNSUPPORTED` for fewer PGs, `INVALID_ARGUMENT` for a number that no pool should have or that is too far away,
 * `CONFLICT` for more than OSDs take.
 */
function checkPgNum(map: ClusterMap, before: Pool, after: Pool): void {
  const [fromPgNum, toPgNum] = [before.pgNum, after.pgNum];
  if (toPgNum === fromPgNum) return;
  if (toPgNum < fromPgNum && toPgNum > 0) {
    throw new CairnError(
      'UNSUPPORTED',
      `pool ${before.name} has ${fromPgNum} PGs, and this version only splits PGs, it never merges them; ` +
        'make a new pool with fewer, and copy the data',
    );
  }
  checkSplit({ fromPgNum, toPgNum });
  if (!isPowerOfTwo(toPgNum) && !isPowerOfTwo(toPgNum / fromPgNum)) {
    const even = new Set([
      2 ** Math.ceil(Math.log2(toPgNum)),
      fromPgNum * 2 ** Math.ceil(Math.log2(toPgNum / fromPgNum)),
    ]);
    throw new CairnError(
      'INVALID_ARGUMENT',
      `with ${toPgNum} PGs some of pool ${before.name} would hold twice as much as others; ` +
        `set pg_num to a power of two, or double the ${fromPgNum} that there are: ${[...even].join(' or ')}`,
    );
  }
  if (toPgNum > splitFactorMax * fromPgNum) {
    throw new CairnError(
      'INVALID_ARGUMENT',
      `pool ${before.name} has ${fromPgNum} PGs, each of which splits into ${splitFactorMax} at most at a time; ` +
        `set pg_num ${splitFactorMax * fromPgNum} first`,
    );
  }
  checkPgsPerOsd(map, after, effectiveConfig(map, 'mon').values);
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(value));
}

function changedPool(pool: Pool, args: PoolSetArgs, map: ClusterMap): Pool {
  const flags = new Set(pool.flags);
  for (const { flag, isSet } of args.flags ?? []) {
    if (isSet) flags.add(flag);
    else flags.delete(flag);
  }
  const size = args.size ?? pool.size;
  if (size !== pool.size && flags.has('nosizechange')) {
    const how = `\`cairn pool set ${pool.name} nosizechange false\` first`;
    throw new CairnError('CONFLICT', `pool ${pool.name} keeps its size, as nosizechange is set; ${how}`);
  }
  return {
    ...pool,
    size,
    // A smaller size takes min_size along; nobody means a pool that can never serve.
    minSize: args.minSize ?? Math.min(pool.minSize, Math.max(size, 1)),
    pgNum: args.pgNum ?? pool.pgNum,
    rule: args.rule === undefined ? pool.rule : replicatedRuleNamed(map.crush, args.rule).id,
    mode: args.mode ?? pool.mode,
    quotaBytes: args.quotaBytes ?? pool.quotaBytes,
    quotaObjects: args.quotaObjects ?? pool.quotaObjects,
    application: args.application ?? pool.application,
    flags: poolFlags.filter((flag) => flags.has(flag)),
  };
}

/** What is set, in the words of the command line. */
function differences(before: Pool, after: Pool, { crush }: ClusterMap): string[] {
  const found: string[] = [];
  const note = (name: string, was: string | number, is: string | number): void => {
    if (was !== is) found.push(`${name} ${is === '' ? 'none' : is}`);
  };
  note('size', before.size, after.size);
  note('min_size', before.minSize, after.minSize);
  note('pg_num', before.pgNum, after.pgNum);
  const rule = crush.rules.get(after.rule);
  if (before.rule !== after.rule) found.push(`rule ${rule === undefined ? after.rule : ruleText(rule)}`);
  note('mode', modeText(before.mode), modeText(after.mode));
  note('quota_bytes', showBytes(before.quotaBytes), showBytes(after.quotaBytes));
  note('quota_objects', before.quotaObjects, after.quotaObjects);
  note('application', before.application, after.application);
  for (const flag of poolFlags) note(flag, String(before.flags.includes(flag)), String(after.flags.includes(flag)));
  return found;
}

function modeText(mode: PoolMode): string {
  if (mode.kind === 'sync') return 'sync';
  const lag = `${showDuration(mode.maxLagMs)}/${showBytes(mode.maxLagBytes)}`;
  return `async (ack_copies ${mode.ackCopies}, max_lag ${lag})`;
}

/** With room for the records of PGs that are new. */
function recordsFor({ records }: ClusterMap, { id, pgNum }: Pool): PgRecords {
  return records.pgNumOf(id) === pgNum ? records : records.withPgNum(id, pgNum);
}

/** A mode belongs to a term: PGs change to it with a new one, to a stricter one when they are drained. A smaller `min_size` may let PGs begin. */
async function recordsOf(
  context: CommandContext,
  before: Pool,
  after: Pool,
  mapAfter: ClusterMap,
): Promise<MapChange[]> {
  const isSwitched = ackCopiesOf(before.mode) !== ackCopiesOf(after.mode);
  const switched = isSwitched ? await runSliced(context, planModeSwitchSteps(mapAfter, after)) : [];
  return [...switched, ...(await creationChanges(context, mapAfter))];
}

function ackCopiesOf(mode: PoolMode): number {
  return mode.kind === 'sync' ? 0 : mode.ackCopies;
}

function* advice(before: Pool, after: Pool, map: ClusterMap, records: readonly MapChange[]): Generator<string> {
  const pgs = records.reduce((sum, change) => sum + (change.kind === 'records' ? change.pgs.length : 0), 0);
  if (pgs > 0) yield `${count(pgs, 'PG')} ${pgs === 1 ? 'begins' : 'begin'} a new term with it`;
  if (after.pgNum > before.pgNum) {
    yield 'new PGs begin where the PGs are that they come from, and move by themselves to where CRUSH wants them';
    const uneven = unevenText(after.pgNum);
    if (uneven !== undefined) yield uneven;
  }
  if (isStricter(recordMode(after.mode), recordMode(before.mode))) {
    yield 'each PG changes once all its members have what was acknowledged; POOL_MODE_PENDING of `cairn health` counts the rest';
  } else if (ackCopiesOf(before.mode) !== ackCopiesOf(after.mode) && pgs < after.pgNum) {
    yield 'PGs that wait for their OSDs change their mode when they serve again';
  }
  if (after.size > before.size || after.rule !== before.rule) {
    const shortage = shortageText(map, after);
    if (shortage !== undefined) yield shortage;
  }
}
