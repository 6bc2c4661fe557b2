/** Who has a key, and what it is good for. Keys leave through results only: no log record, audit or error has one. */
import { CairnError } from '../../base/errors.js';
import { nearest } from '../../base/nearest.js';
import { checkCaps, mayRun } from '../../cluster/caps.js';
import { checkEntity } from '../../cluster/check/check-texts.js';
import type { ClusterMap, Entity } from '../../cluster/map.js';
import {
  type AuthEntity,
  type Caps,
  type IssuedKey,
  authAdd,
  authCaps,
  authGet,
  authLs,
  authPageSize,
  authRm,
  authRotate,
  authServiceKey,
  type ServiceKey,
} from '../../protocol/commands/auth.js';
import { serviceKeyOf } from '../../wire/service-key.js';
import { parseEntityName } from '../../protocol/entity-name.js';
import type { Effects, StateView } from '../state/types.js';
import { answerPage } from './answer-page.js';
import { freshKey, issueKey, recordOf } from './issue-key.js';
import type { CommandContext, CommandTable } from './types.js';

/** Names and capabilities hold no secret, so the audit trail shows the arguments as they are. */
export function registerAuthCommands(table: CommandTable): void {
  table
    .onChange(authAdd, addEntity)
    .onChange(authCaps, replaceCaps)
    .onChange(authRm, removeEntity)
    .onChange(authRotate, rotateKey)
    .onQuery(authGet, ({ name }, { state }) => issuedKey(state, existing(state.map, name)))
    .onQuery(authServiceKey, serviceKey)
    .onQuery(authLs, ({ after }, { state }) => page(state.map, after));
}

/** A new key, or the one that the entity has with just these capabilities. */
export function addEntity(
  { name, caps }: { name: string; caps: Caps },
  context: CommandContext,
): Effects<IssuedKey & { readonly isNew: boolean }> {
  const { state } = context;
  const { type, id } = parseEntityName(name);
  if (type === 'mon') {
    throw new CairnError('INVALID_ARGUMENT', `the key of a monitor comes with \`cairn mon add ${id}\`; use that`);
  }
  const entity = checkedEntity(name, caps);
  const found = state.map.entities.get(name);
  if (found !== undefined) {
    if (!haveEqualCaps(found, entity)) {
      throw new CairnError(
        'EXISTS',
        `${name} exists with other capabilities; change them with \`cairn auth caps ${name} …\``,
      );
    }
    return { result: { ...issuedKey(state, found), isNew: false } };
  }
  const key = freshKey(context);
  return {
    result: { ...issueKey(state.map, entity, key), isNew: true },
    changes: [{ kind: 'entity', entity }],
    keys: [{ name, key }],
    log: [recordOf(context, `added the key of ${name} (${describe(entity)})`)],
  };
}

function replaceCaps(
  { name, caps }: { name: string; caps: Caps },
  context: CommandContext,
): Effects<AuthEntity & { readonly isChanged: boolean }> {
  const { map } = context.state;
  const before = existing(map, name);
  const entity = checkedEntity(name, caps);
  const result = { name, caps: [...entity.caps] };
  if (haveEqualCaps(before, entity)) return { result: { ...result, isChanged: false } };
  if (!isAdmin(entity)) keepAnAdmin(map, name, 'may not lose its capabilities');
  return {
    result: { ...result, isChanged: true },
    changes: [{ kind: 'entity', entity }],
    log: [recordOf(context, `changed the capabilities of ${name} to ${describe(entity)}`)],
  };
}

function removeEntity({ name }: { name: string }, context: CommandContext): Effects<{ readonly wasThere: boolean }> {
  const { map } = context.state;
  if (!map.entities.has(name)) {
    parseEntityName(name);
    return { result: { wasThere: false } };
  }
  // Not parsed: what a later version has put into the map can be removed too.
  const [type, id = ''] = name.split('.', 2);
  keepAnAdmin(map, name, 'may not be removed');
  if (type === 'mon' && map.monitors.has(id)) {
    throw new CairnError('CONFLICT', `${name} is a monitor of this cluster; remove it with \`cairn mon rm ${id}\``);
  }
  if (type === 'osd' && [...map.osds.keys()].some((osd) => osd === Number(id))) {
    throw new CairnError('CONFLICT', `${name} is an OSD of this cluster; remove it with \`cairn osd purge ${id}\``);
  }
  return {
    result: { wasThere: true },
    changes: [{ kind: 'entity-removed', name }],
    keys: [{ name, key: undefined }],
    log: [recordOf(context, `removed the key of ${name}`)],
  };
}

function rotateKey({ name }: { name: string }, context: CommandContext): Effects<IssuedKey> {
  const { map } = context.state;
  const entity = existing(map, name);
  const key = freshKey(context);
  return {
    result: issueKey(map, entity, key),
    keys: [{ name, key }],
    log: [recordOf(context, `gave ${name} a new key; the old one is no longer valid`)],
  };
}

/** Of an entity that the map has: a key without one is on its way out. */
function serviceKey({ name, service }: { name: string; service: string }, { state }: CommandContext): ServiceKey {
  const key = state.map.entities.has(name) ? state.key(name) : undefined;
  return { key: key === undefined ? undefined : serviceKeyOf(key, service) };
}

function page(map: ClusterMap, after: string): { entities: AuthEntity[]; hasMore: boolean } {
  const names = [...map.entities.keys()].filter((name) => name > after).sort();
  const { page: entities, hasMore } = answerPage(
    names.map((name) => ({ name, caps: [...existing(map, name).caps] })),
    authPageSize,
  );
  return { entities, hasMore };
}

/** `NOT_FOUND` with the name that was meant, perhaps. */
function existing(map: ClusterMap, name: string): Entity {
  const found = map.entities.get(name);
  if (found !== undefined) return found;
  parseEntityName(name);
  const near = nearest(name, map.entities.keys());
  const hint = near === undefined ? 'see `cairn auth ls`' : `did you mean ${near}?`;
  throw new CairnError('NOT_FOUND', `nobody is called ${name}; ${hint}`);
}

function checkedEntity(name: string, caps: Caps): Entity {
  const byService = new Map(caps);
  if (byService.size !== caps.length) {
    throw new CairnError('INVALID_ARGUMENT', 'a service is named twice; join its capabilities with a comma');
  }
  checkCaps(byService);
  const entity = { name, caps: byService };
  checkEntity(entity);
  return entity;
}

/** Monitors may do everything too, but nobody sits at their keyboard. */
function isAdmin(entity: Entity): boolean {
  return entity.name.startsWith('client.') && mayRun(entity, { service: 'mon', access: 'x' });
}

/** Without an administrator nobody could ever make a key again. */
function keepAnAdmin(map: ClusterMap, name: string, refusal: string): void {
  const admins = [...map.entities.values()].filter(isAdmin);
  if (admins.length > 1 || admins[0]?.name !== name) return;
  throw new CairnError(
    'CONFLICT',
    `${name} is the last client that may administer the cluster and ${refusal}; first \`cairn auth add client.NAME mon 'allow *'\``,
  );
}

function issuedKey(state: StateView, entity: Entity): IssuedKey {
  const key = state.key(entity.name);
  if (key === undefined) {
    throw new CairnError('NOT_FOUND', `${entity.name} has no key; make one with \`cairn auth rotate ${entity.name}\``);
  }
  return issueKey(state.map, entity, key);
}

function haveEqualCaps(a: Entity, b: Entity): boolean {
  return a.caps.size === b.caps.size && [...a.caps].every(([service, cap]) => b.caps.get(service) === cap);
}

function describe({ caps }: Entity): string {
  return caps.size === 0 ? 'no capabilities' : [...caps].map(([service, cap]) => `${service} '${cap}'`).join(' ');
}
