/** `pool rm` and `pool rename`. */
import { CairnError } from '../../base/errors.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { Pool } from '../../cluster/pool.js';
import type { ChangeReport } from '../../protocol/commands/fields.js';
import type { Effects } from '../state/types.js';
import { count } from './osd-selection.js';
import { poolNamed } from './pool-selection.js';
import type { CommandContext } from './types.js';

interface RmArgs {
  readonly name: string;
  readonly confirmed: boolean;
}

export async function evaluatePoolRm(
  { name, confirmed }: RmArgs,
  context: CommandContext,
): Promise<Effects<ChangeReport>> {
  const pool = find(context.state.map, name);
  if (pool === undefined) return unchanged(`there is no pool ${name}`);
  if (pool.flags.includes('nodelete')) {
    const how = `\`cairn pool set ${name} nodelete false\` first`;
    throw new CairnError('CONFLICT', `pool ${name} is protected by nodelete; ${how}`);
  }
  const goes = `${await whatGoes(pool, context)}${parkedOf(pool, context)}`;
  if (!confirmed) throw new CairnError('CONFLICT', `pool ${name} would go for ever: ${goes}; add --yes if you mean it`);
  return {
    result: { changed: [name], messages: [`pool ${name} removed: ${goes}`] },
    changes: [{ kind: 'pool-removed', id: pool.id }],
    log: [{ severity: 'warn', source: context.entity.name, message: `pool ${name} removed: ${goes}` }],
  };
}

interface RenameArgs {
  readonly name: string;
  readonly newName: string;
}

export function evaluatePoolRename({ name, newName }: RenameArgs, context: CommandContext): Effects<ChangeReport> {
  const { map } = context.state;
  if (find(map, name) === undefined && find(map, newName) !== undefined) {
    return unchanged(`pool ${newName} is called so already`);
  }
  const pool = poolNamed(map, name);
  if (name === newName) return unchanged(`pool ${newName} is called so already`);
  if (find(map, newName) !== undefined) {
    throw new CairnError('EXISTS', `a pool is called ${newName} already; choose another name`);
  }
  const message = `pool ${name} renamed to ${newName}`;
  const scoped = entitiesWith(map, name);
  const warning = `caps that name pool=${name} do not follow: ${scoped.join(', ')}; change them with \`cairn auth caps\``;
  return {
    result: { changed: [newName], messages: scoped.length === 0 ? [message] : [message, warning] },
    changes: [{ kind: 'pool', pool: { ...pool, name: newName } }],
    log: [{ severity: 'info', source: context.entity.name, message }],
  };
}

/** OSDs report no objects to this version's monitors; what the records say is how many PGs were ever used. */
async function whatGoes({ id, pgNum }: Pool, context: CommandContext): Promise<string> {
  const cursor = context.state.map.records.cursor();
  const osds = new Set<number>();
  let born = 0;
  for (let pg = 0; pg < pgNum && cursor.moveTo(id, pg); pg += 1) {
    if (cursor.term > 0) born += 1;
    for (let member = 0; member < cursor.memberCount; member += 1) osds.add(cursor.osdAt(member));
    if (pg % pgsPerSlice === pgsPerSlice - 1) await context.yieldTurn();
  }
  if (born === 0) return `${count(pgNum, 'PG')}, none of which ever held anything`;
  return `all objects in ${count(born, 'PG')} on ${count(osds.size, 'OSD')}`;
}

/** Writes that failovers cut off go with their pool, as far as OSDs have said what they keep. */
function parkedOf({ id }: Pool, { soft }: CommandContext): string {
  let objects = 0;
  for (const { parked } of soft.osds.values()) {
    for (const [pool, , parkedOfPg] of parked?.pgs ?? []) if (pool === id) objects += parkedOfPg;
  }
  return objects === 0 ? '' : `, and ${count(objects, 'object')} or more with parked writes (\`cairn pg parked ls\`)`;
}

const pgsPerSlice = 4096;

function find(map: ClusterMap, name: string): Pool | undefined {
  return [...map.pools.values()].find((pool) => pool.name === name);
}

/** Capabilities name pools by name. */
function entitiesWith({ entities }: ClusterMap, pool: string): string[] {
  const scope = new RegExp(`\\bpool=${pool.replaceAll('.', '\\.')}(?![A-Za-z0-9._-])`);
  return [...entities.values()]
    .filter(({ caps }) => [...caps.values()].some((text) => scope.test(text)))
    .map(({ name }) => name)
    .slice(0, 8);
}

function unchanged(message: string): Effects<ChangeReport> {
  return { result: { changed: [], messages: [message] } };
}
