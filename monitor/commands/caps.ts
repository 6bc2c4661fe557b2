import { CairnError } from '../../base/errors.js';
import type { Entity } from '../../cluster/map.js';

/** Placeholder until cluster/caps.ts is merged. */
export function checkCaps(caps: ReadonlyMap<string, string>): void {
  for (const [service, cap] of caps) {
    if (!['mon', 'osd'].includes(service) || !/^(allow |profile )[a-z*]+/.test(cap)) {
      throw new CairnError('INVALID_ARGUMENT', `the capability ${service} '${cap}' cannot be read`);
    }
  }
}

export function mayRun(entity: Entity, { access }: { service: 'mon'; access: 'x' }): boolean {
  const cap = entity.caps.get('mon') ?? '';
  return cap === 'allow *' || (cap.startsWith('allow ') && cap.includes(access, 6));
}
