/**
 * What an entity may do, as one line of text per service, in a subset of Ceph's syntax:
 *
 *     caps   = grant { "," grant }
 *     grant  = "allow" ( "*" | "r" "w" "x" in this order, at least one ) [ "pool=" NAME ]
 *            | "profile" PROFILE [ "pool=" NAME ]
 *
 * Grants add up; nothing is forbidden that another grant allows. `r` reads, `w` changes, `x` sees and changes secrets and
 * runs what goes beyond data (keys of entities, calls of object classes).
 */
import { CairnError } from '../base/errors.js';
import type { Entity } from './map.js';

export const capServices = ['mon', 'osd'] as const;
export type CapService = (typeof capServices)[number];
export type CapAccess = 'r' | 'w' | 'x';

/**
 * What a command of the monitors is about. `daemon`: what daemons say of themselves and of their PGs; `service-key`: how
 * OSDs recognise others.
 */
export type CapArea = 'daemon' | 'pool' | 'cluster' | 'service-key';

export interface CapRequest {
  readonly service: CapService;
  readonly access: CapAccess;
  /** For `mon`. Default `cluster`. */
  readonly area?: CapArea;
  /** For `osd`: where the object is. Without one only grants for all pools count. */
  readonly pool?: { readonly name: string; readonly application: string };
}

export const capProfiles = ['admin', 'monitor', 'osd', 'gateway', 'volume', 'read-only'] as const;
export type CapProfile = (typeof capProfiles)[number];

export type CapGrant = CapScope &
  (
    | { readonly kind: 'allow'; readonly access: ReadonlySet<CapAccess> }
    | { readonly kind: 'profile'; readonly profile: CapProfile }
  );

interface CapScope {
  /** Only in this pool. */
  readonly pool: string | undefined;
}

const grantsMax = 64;
const allAccess: ReadonlySet<CapAccess> = new Set(['r', 'w', 'x']);
const poolNamePattern = /^[A-Za-z0-9._-]{1,128}$/;

/** Throws `INVALID_ARGUMENT`, with what is wrong in the text. */
export function parseCaps(text: string): CapGrant[] {
  const parts = text.split(',');
  if (parts.length > grantsMax) throw invalid(text, `it has more than ${grantsMax} grants`);
  return parts.map((part) => parseGrant(part.trim(), text));
}

/** Of a new or changed entity: that all its caps can be understood. Throws `INVALID_ARGUMENT`. */
export function checkCaps(caps: ReadonlyMap<string, string>): void {
  for (const [service, text] of caps) {
    if (!capServices.some((known) => known === service)) {
      throw new CairnError('INVALID_ARGUMENT', `there are no caps for ${service}; use ${capServices.join(' or ')}`);
    }
    for (const { pool } of parseCaps(text)) {
      if (service === 'osd' || pool === undefined) continue;
      throw invalid(text, `pool=${pool} has no meaning for ${service}, leave it out`);
    }
  }
}

/** Caps that cannot be understood, say of a later version, grant nothing. */
export function mayRun(entity: Pick<Entity, 'caps'>, request: CapRequest): boolean {
  const text = entity.caps.get(request.service);
  if (text === undefined) return false;
  for (const grant of knownGrants(text)) if (isGranted(grant, request)) return true;
  return false;
}

/** By their text, for it is asked with each request of a client; as many as a cluster has kinds of clients. */
const known = new Map<string, readonly CapGrant[]>();
const knownMax = 1_000;

function knownGrants(text: string): readonly CapGrant[] {
  const found = known.get(text);
  if (found !== undefined) return found;
  let grants: readonly CapGrant[];
  try {
    grants = parseCaps(text);
  } catch {
    grants = [];
  }
  if (known.size >= knownMax) known.clear();
  known.set(text, grants);
  return grants;
}

function isGranted(grant: CapGrant, request: CapRequest): boolean {
  if (grant.pool !== undefined && grant.pool !== request.pool?.name) return false;
  if (grant.kind === 'allow') return grant.access.has(request.access);
  return request.service === 'mon' ? profileOnMonitors(grant.profile, request) : profileOnOsds(grant, request);
}

function profileOnMonitors(profile: CapProfile, { access, area = 'cluster' }: CapRequest): boolean {
  switch (profile) {
    case 'admin':
    case 'monitor':
      return true;
    case 'osd':
      return access === 'r' || (access === 'w' && area === 'daemon') || (access === 'x' && area === 'service-key');
    case 'volume':
      return access === 'r' || (access === 'w' && area === 'daemon');
    case 'gateway':
      // It makes its pools when it starts in a new cluster.
      return access === 'r' || (access === 'w' && (area === 'daemon' || area === 'pool'));
    case 'read-only':
      return access === 'r';
  }
}

function profileOnOsds({ profile, pool }: CapGrant & { readonly kind: 'profile' }, request: CapRequest): boolean {
  switch (profile) {
    case 'admin':
    case 'osd':
      return true;
    case 'gateway':
      return pool !== undefined || request.pool?.application === 's3';
    case 'volume':
      return pool !== undefined || request.pool?.application === 'volume';
    case 'read-only':
      return request.access === 'r';
    case 'monitor':
      return false;
  }
}

function parseGrant(part: string, text: string): CapGrant {
  const [verb = '', what = '', ...scopes] = part.split(/\s+/);
  const pool = parseScope(scopes, text);
  if (verb === 'profile') {
    const profile = capProfiles.find((known) => known === what);
    if (profile === undefined) throw invalid(text, `there is no profile "${what}", use ${capProfiles.join(', ')}`);
    return { kind: 'profile', profile, pool };
  }
  if (verb !== 'allow') throw invalid(text, `"${part}" begins with neither allow nor profile`);
  if (what === '*') return { kind: 'allow', access: allAccess, pool };
  if (!/^(?=.)r?w?x?$/.test(what)) throw invalid(text, `"${what}" is no access, use r, rw, rwx or *`);
  return { kind: 'allow', access: new Set([...allAccess].filter((letter) => what.includes(letter))), pool };
}

function parseScope(scopes: readonly string[], text: string): string | undefined {
  const [scope, ...more] = scopes;
  if (scope === undefined) return undefined;
  const name = scope.startsWith('pool=') ? scope.slice('pool='.length) : '';
  if (more.length === 0 && poolNamePattern.test(name)) return name;
  throw invalid(text, `"${scopes.join(' ')}" is no limit, use pool=NAME`);
}

function invalid(text: string, why: string): CairnError {
  const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return new CairnError('INVALID_ARGUMENT', `caps ${JSON.stringify(shown)} are not understood: ${why}`);
}
