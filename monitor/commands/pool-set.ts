/** `pool set`: what can be changed of a pool while it serves. */
import { CairnError } from '../../base/errors.js';
import { showBytes } from '../../base/parse-bytes.js';
import { showDuration } from '../../base/parse-duration.js';
import { checkPool } from '../../cluster/check/check-pool.js';
import type { MapChange } from '../../cluster/change.js';
import type { ClusterMap } from '../../cluster/map.js';
import { isStricter, recordMode } from '../../cluster/pg/next-record.js';
import { planModeSwitchSteps } from './plan-mode-switch.js';
import { type Pool, type PoolFlag, type PoolMode, poolFlags } from '../../cluster/pool.js';
import type { ChangeReport } from '../../protocol/commands/fields.js';
import type { Effects } from '../state/types.js';
import { countMoves, movesText } from './crush-effects.js';
import { creationChanges } from './osd-effects.js';
import { count } from './osd-selection.js';
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
  checkPgNum(before, args.pgNum);
  const after = changedPool(before, args, map);
  checkPool(after);
  const done = differences(before, after, map);
  if (done.length === 0) return { result: { changed: [], messages: [`pool ${before.name} is so already`] } };
  const unsafe = unsafeText(before, after);
  if (unsafe !== undefined && !args.confirmed) {
    throw new CairnError('CONFLICT', `${unsafe}; add --yes if you mean it`);
  }
  const mapAfter = { ...map, pools: new Map(map.pools).set(after.id, after) };
  const isMoved = after.rule !== before.rule || after.size !== before.size;
  const moves = isMoved ? `: ${movesText(await countMoves(context, mapAfter))}` : '';
  const records = await recordsOf(context, before, after, mapAfter);
  const message = `pool ${after.name} has ${done.join(', ')}${moves}`;
  return {
    result: { changed: [after.name], messages: [message, ...advice(before, after, map, records)] },
    changes: [{ kind: 'pool', pool: after }, ...records],
    log: [{ severity: 'info', source: context.entity.name, message }],
  };
}

/** Throws `UNSUPPORTED` for another number than the pool has. */
function checkPgNum(pool: Pool, pgNum: number | undefined): void {
  if (pgNum === undefined || pgNum === pool.pgNum) return;
  throw new CairnError(
    'UNSUPPORTED',
    `pool ${pool.name} has ${pool.pgNum} PGs, which this version cannot change: its OSDs do not split PGs yet; ` +
      'make a new pool with that number, and copy the data',
  );
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
