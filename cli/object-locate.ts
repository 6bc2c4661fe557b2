/** `cairn object locate`: from a name to OSDs, every step of the way. */
import type { Command } from 'commander';
import { CairnError } from '../base/errors.js';
import { decodeMap } from '../cluster/codec/map-codec.js';
import { printPgId } from '../cluster/ids.js';
import type { ClusterMap } from '../cluster/map.js';
import { objectHash, type ObjectName, pgOfHash, placementInput } from '../cluster/object-placement.js';
import type { Pool } from '../cluster/pool.js';
import { UpMapper } from '../cluster/up-mapper.js';
import { itemLocation } from '../crush/item-location.js';
import { stepText, typeName } from '../crush/text-printer.js';
import type { CrushMap, RuleStep } from '../crush/types.js';
import { printAddress } from '../protocol/address-text.js';
import { noteStale, withCluster } from './cluster-command.js';
import type { CliContext } from './context.js';
import { fetchMap } from './fetch-map.js';
import { printable } from './log-line.js';
import { addObjectOptions, type ObjectOptions } from './object-client.js';
import { printJson } from './print-json.js';

export function addObjectLocate(object: Command, context: CliContext): void {
  const command = addObjectOptions(object.command('locate').alias('map'));
  command
    .description('Explain where an object is, or would be: its hash, its PG, each step of the CRUSH rule, its OSDs.')
    .argument('<name>', 'of the object, which need not exist')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  cairn object locate backup.tar --pool data')
    .action(async (name: string, options: ObjectOptions) => {
      await withCluster(command, context, async (client, wait) => {
        const answer = await fetchMap(client, 0, wait);
        noteStale(context, answer);
        const map = decodeMap(answer.result);
        const where = locate(map, options.pool, { name, namespace: options.namespace, locator: '' });
        if (options.json === true) printJson(context, { ...where, stale: answer.isStale });
        else context.print(locationText(where));
      });
    });
}

export interface Located {
  readonly epoch: number;
  readonly pool: { readonly id: number; readonly name: string; readonly size: number; readonly pg_num: number };
  readonly namespace: string;
  readonly name: string;
  readonly hash: number;
  readonly pg: string;
  readonly crush_input: number;
  readonly rule: string;
  readonly steps: readonly { readonly step: string; readonly chosen: readonly string[] }[];
  /** What the rule chose. */
  readonly chosen: readonly number[];
  readonly upmaps: readonly { readonly from: number; readonly to: number }[];
  readonly up: readonly number[];
  readonly acting: readonly number[];
  readonly eligible: readonly number[];
  readonly term: number;
  readonly primary: number | undefined;
  readonly osds: readonly {
    readonly osd: number;
    readonly state: string;
    readonly location: string;
    readonly address: string;
  }[];
}

/** Pure. Throws `NOT_FOUND`. */
export function locate(map: ClusterMap, poolName: string, object: ObjectName): Located {
  const pool = poolCalled(map, poolName);
  const hash = objectHash(pool.id, object);
  const pg = pgOfHash(hash, pool.pgNum);
  const mapper = new UpMapper(map);
  const chosen = mapper.crushChoice(pool, pg);
  const up = mapper.up(pool, pg);
  const record = map.records.get({ pool: pool.id, pg });
  const acting = (record?.acting ?? []).map(({ osd }) => osd);
  const eligible = (record?.eligible ?? []).map(({ osd }) => osd);
  const rule = map.crush.rules.get(pool.rule);
  return {
    epoch: map.epoch,
    pool: { id: pool.id, name: pool.name, size: pool.size, pg_num: pool.pgNum },
    namespace: object.namespace,
    name: object.name,
    hash,
    pg: printPgId({ pool: pool.id, pg }),
    crush_input: placementInput(pool.id, pg) >>> 0,
    rule: rule === undefined ? `none with id ${pool.rule}` : `${rule.name} (${rule.id})`,
    steps: (rule?.steps ?? []).map((step) => ({
      step: stepText(map.crush, step),
      chosen: chosenBy(map.crush, step, chosen),
    })),
    chosen,
    upmaps: [...(map.upmaps.get(pool.id)?.get(pg) ?? [])],
    up,
    acting,
    eligible,
    term: record?.term ?? 0,
    primary: acting[0],
    osds: [...new Set([...chosen, ...up, ...acting, ...eligible])].map((osd) => osdFacts(map, osd)),
  };
}

/** What a step chose, told by where the devices that came out of the rule stand. */
function chosenBy(crush: CrushMap, step: RuleStep, devices: readonly number[]): string[] {
  if (step.op === 'emit') return devices.map((device) => `osd.${device}`);
  if (!('type' in step)) return [];
  const type = typeName(crush, step.type);
  const isLeaf = step.op.startsWith('chooseleaf') && step.type !== 0;
  const of = (device: number): string => {
    const bucket = itemLocation(crush, device).find((holder) => holder.type === type)?.name ?? `osd.${device}`;
    return isLeaf ? `${bucket} > osd.${device}` : bucket;
  };
  return [...new Set(devices.map(of))];
}

function osdFacts(map: ClusterMap, osd: number) {
  const info = [...map.osds.values()].find(({ id }) => id === osd);
  const address = info?.publicAddress;
  const location = itemLocation(map.crush, osd).toReversed();
  return {
    osd,
    state: info === undefined ? 'gone' : `${info.isUp ? 'up' : 'down'}, ${info.isIn ? 'in' : 'out'}`,
    location: location.map(({ type, name }) => `${type}=${name}`).join(' '),
    address: address === undefined ? '' : printAddress(address),
  };
}

function poolCalled(map: ClusterMap, name: string): Pool {
  for (const pool of map.pools.values()) if (pool.name === name || String(pool.id) === name) return pool;
  throw new CairnError('NOT_FOUND', `there is no pool ${printable(name)}; see \`cairn pool ls\``);
}

function locationText(where: Located): string {
  const { pool, namespace, name, hash, pg, upmaps, acting, term, primary, eligible } = where;
  const within = namespace === '' ? '' : ` of namespace ${printable(namespace)}`;
  const list = (osds: readonly number[]): string => `[${osds.join(',')}]`;
  const width = Math.max(...where.steps.map(({ step }) => step.length), 0);
  const hex = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;
  const rows: (readonly [string, string])[] = [
    ['object', `${printable(name)}${within} in pool ${pool.name} (${pool.id}), by map e${where.epoch}`],
    ['hash', `${hex(hash)}, the low half of xxh64 over namespace and name, seeded with the pool`],
    ['pg', `${pg}, the hash modulo ${pool.pg_num} PGs`],
    ['crush input', `${hex(where.crush_input)}, rjenkins over PG and pool`],
    ['rule', `${where.rule}, for ${pool.size} copies`],
    ...where.steps.map(({ step, chosen }) => ['', `${step.padEnd(width)}  ${chosen.join(', ')}`.trimEnd()] as const),
    ['crush chose', list(where.chosen)],
    ['exceptions', upmaps.length === 0 ? 'none' : upmaps.map(({ from, to }) => `osd.${from} -> osd.${to}`).join(', ')],
    ['up', `${list(where.up)}: where it should be`],
    [
      'acting',
      `${list(acting)} in term ${term}: where it is; ${primary === undefined ? 'nobody leads' : `osd.${primary} leads`}`,
    ],
    ...(eligible.length === 0
      ? []
      : [['eligible', `${list(eligible)}: may lead until the term is confirmed`] as const]),
    ...where.osds.map(
      ({ osd, state, location, address }) => [`osd.${osd}`, `${state}  ${address}  ${location}`] as const,
    ),
  ];
  return rows.map(([title, text]) => `${title.padEnd(13)}${text}\n`).join('');
}
