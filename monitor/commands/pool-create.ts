/** `pool create`: a pool with all its PGs, those with members that can have some now. */
import { CairnError } from '../../base/errors.js';
import { checkPool } from '../../cluster/check/check-pool.js';
import type { ConfigValues } from '../../cluster/config-options.js';
import { effectiveConfig } from '../../cluster/config.js';
import { poolId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import { nextEpoch } from '../../cluster/osd-changes.js';
import type { Pool, PoolMode } from '../../cluster/pool.js';
import type { ChangeReport } from '../../protocol/commands/fields.js';
import type { Effects } from '../state/types.js';
import { creationChanges } from './osd-effects.js';
import { count } from './osd-selection.js';
import { checkPgsPerOsd, unevenText } from './pgs-per-osd.js';
import { defaultReplicatedRule, replicatedRuleNamed, shortageText } from './pool-rules.js';
import { unsafeText } from './pool-safety.js';
import type { CommandContext } from './types.js';

export interface PoolCreateArgs {
  readonly name: string;
  readonly size?: number | undefined;
  readonly minSize?: number | undefined;
  readonly pgNum?: number | undefined;
  readonly rule?: string | undefined;
  readonly mode?: PoolMode | undefined;
  readonly checksumBlockBytes?: number | undefined;
  readonly application?: string | undefined;
  readonly confirmed: boolean;
}

type Created = Effects<ChangeReport & { readonly id: number }>;

/** A compromise for a pool whose use is not known: volumes like 4 KiB, large objects 64 KiB. */
const checksumBlockDefault = 16 * 1024;

export async function evaluatePoolCreate(args: PoolCreateArgs, context: CommandContext): Promise<Created> {
  const { map } = context.state;
  const config = effectiveConfig(map, 'mon').values;
  const present = [...map.pools.values()].find(({ name }) => name === args.name);
  if (present !== undefined) return alreadyThere(present, args, map);
  const pool = poolOf(args, map, config);
  checkPool(pool);
  checkPgsPerOsd(map, pool, config);
  const unsafe = unsafeText(undefined, pool);
  if (unsafe !== undefined && !args.confirmed) {
    throw new CairnError('CONFLICT', `${unsafe}; add --yes if you mean it`);
  }
  const after: ClusterMap = {
    ...map,
    pools: new Map(map.pools).set(pool.id, pool),
    records: map.records.withPool(pool.id, pool.pgNum),
  };
  const records = await creationChanges(context, after);
  const message = `pool ${pool.name} created: ${count(pool.pgNum, 'PG')}, ${count(pool.size, 'copy', 'copies')}`;
  return {
    result: { id: pool.id, changed: [pool.name], messages: [message, ...advice(map, pool)] },
    changes: [{ kind: 'pool', pool }, ...records],
    log: [{ severity: 'info', source: context.entity.name, message }],
  };
}

function poolOf(args: PoolCreateArgs, map: ClusterMap, config: ConfigValues): Pool {
  const size = args.size ?? config.osd_pool_default_size;
  const rule = args.rule === undefined ? defaultReplicatedRule(map.crush) : replicatedRuleNamed(map.crush, args.rule);
  return {
    id: poolId(map.poolLast + 1),
    name: args.name,
    kind: 'replicated',
    size,
    minSize: args.minSize ?? defaultMinSize(size, config),
    pgNum: args.pgNum ?? config.osd_pool_default_pg_num,
    rule: rule.id,
    mode: args.mode ?? { kind: 'sync' },
    checksumBlockBytes: args.checksumBlockBytes ?? checksumBlockDefault,
    requiredFeatures: 0,
    quotaBytes: 0,
    quotaObjects: 0,
    application: args.application ?? '',
    flags: [],
    createdAt: nextEpoch(map),
  };
}

/** Of an option of 0: the size less half of it, so that a pool of 3 serves with 2, and one of 2 with 1. */
function defaultMinSize(size: number, config: ConfigValues): number {
  const given = config.osd_pool_default_min_size;
  return given === 0 ? size - Math.floor(size / 2) : Math.min(given, size);
}

/** As Ceph, a pool that is there is made again; one that is there and differs from what was asked for is not. */
function alreadyThere(pool: Pool, args: PoolCreateArgs, map: ClusterMap): Created {
  const rule = args.rule === undefined ? pool.rule : replicatedRuleNamed(map.crush, args.rule).id;
  const differences = [
    differs('size', args.size, pool.size),
    differs('min_size', args.minSize, pool.minSize),
    differs('pg_num', args.pgNum, pool.pgNum),
    differs('rule', rule, pool.rule),
    differs('mode', args.mode?.kind, pool.mode.kind),
    differs('checksum_block', args.checksumBlockBytes, pool.checksumBlockBytes),
    differs('application', args.application, pool.application),
  ].filter((difference) => difference !== undefined);
  if (differences.length === 0) {
    return { result: { id: pool.id, changed: [], messages: [`pool ${pool.name} is there already`] } };
  }
  const how = '`cairn pool set` changes it, or choose another name';
  throw new CairnError('EXISTS', `pool ${pool.name} is there already, with ${differences.join(', ')}; ${how}`);
}

function differs<T extends string | number>(name: string, asked: T | undefined, is: T): string | undefined {
  return asked === undefined || asked === is ? undefined : `${name} ${is}`;
}

function* advice(map: ClusterMap, pool: Pool): Generator<string> {
  const uneven = unevenText(pool.pgNum);
  if (uneven !== undefined) yield uneven;
  const shortage = shortageText(map, pool);
  if (shortage !== undefined) yield shortage;
  if (pool.application === '') {
    yield `say what it is for with \`cairn pool set ${pool.name} application s3\`, as capabilities go by it`;
  }
}
