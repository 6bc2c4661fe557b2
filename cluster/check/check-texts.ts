/**
 * The shape of what the map holds as text: entities, their caps, central configuration. What an option or a cap means is
 * checked where it is set (config-options.ts, caps.ts), not here: an older monitor must be able to apply what a newer one
 * allowed.
 */
import { clusterFlags, type ClusterFlag, type Entity } from '../map.js';
import { isLine, quoted, valid } from './facts.js';

/** `client.admin`, `osd.3`, `mon.a`; at most 64 characters, as names in the handshake. */
const entityPattern = /^(?=.{3,64}$)[a-z][a-z0-9-]*\.[A-Za-z0-9._-]+$/;
const servicePattern = /^[a-z][a-z0-9-]{0,31}$/;
const servicesMax = 16;
const capCharactersMax = 4096;
/** `global/osd_heartbeat_grace`, `osd.3/log_level`. */
const configKeyPattern = /^(?=.{3,192}$)[a-z][a-z0-9-]*(?:\.[A-Za-z0-9._-]+)?\/[a-z][a-z0-9_]*$/;
const configCharactersMax = 4096;

export function isEntityName(name: string): boolean {
  return entityPattern.test(name);
}

/** Throws `INVALID_ARGUMENT`. */
export function checkEntity({ name, caps }: Entity): void {
  valid(isEntityName(name), () => `${quoted(name)} names no entity; write TYPE.ID, as in client.backup`);
  valid(caps.size <= servicesMax, () => `${name} has caps for ${caps.size} services; there are at most ${servicesMax}`);
  for (const [service, text] of caps) {
    valid(servicePattern.test(service), () => `${name} has caps for ${quoted(service)}, which is no service; see caps`);
    valid(
      isLine(text, capCharactersMax) && text.length > 0,
      () => `the caps of ${name} for ${service} are no line of 1 to ${capCharactersMax} characters; shorten them`,
    );
  }
}

/** Throws `INVALID_ARGUMENT`. No value: the option is left to its default. */
export function checkConfigEntry(key: string, value: string | undefined): void {
  valid(
    configKeyPattern.test(key),
    () => `${quoted(key)} is no key; write SECTION/OPTION, as in global/osd_heartbeat_grace`,
  );
  valid(
    value === undefined || isLine(value, configCharactersMax),
    () => `the value of ${key} is no line of up to ${configCharactersMax} characters; shorten it`,
  );
}

/** Throws `INVALID_ARGUMENT`. */
export function checkFlag(flag: ClusterFlag): void {
  valid(clusterFlags.includes(flag), () => `there is no flag ${quoted(flag)}; use one of ${clusterFlags.join(', ')}`);
}
