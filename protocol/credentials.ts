/**
 * What somebody needs in order to reach a cluster and to prove who they are: configuration files (cli/cluster-conf.ts)
 * and join tokens (join-token.ts) are two ways to write it down.
 */
import * as z from 'zod/mini';
import { viewBuffer } from '../base/bytes.js';
import type { NodeAddress } from '../cluster/osd.js';
import { addressTextLengthMax, parseNodeAddress } from './address-text.js';
import { entityNameLengthMax, entityNamePattern } from './entity-name.js';

export const keyBytes = 32;
/** A cluster has a handful; somebody behind a wrong list would try each of them. */
export const monitorsMax = 64;

export interface Credentials {
  /** 32 hex digits. */
  readonly fsid: string;
  /** Of the entity: `client.admin`. */
  readonly name: string;
  /** 32 bytes. Never printed but where it was asked for. */
  readonly key: Uint8Array;
  /** 1 to 64, to be tried in any order. */
  readonly monitors: readonly NodeAddress[];
}

/** As stored: the key in base64, addresses as text. Unknown fields are refused. */
export const storedCredentials = {
  fsid: z.string().check(z.regex(/^[0-9a-f]{32}$/, 'write 32 hex digits')),
  name: z.string().check(z.maxLength(entityNameLengthMax), z.regex(entityNamePattern, 'write TYPE.ID')),
  key: z.string().check(z.regex(/^[A-Za-z0-9+/]{43}=$/, 'write 32 bytes in base64, as `cairn auth get` prints them')),
  monitors: z
    .array(z.string().check(z.maxLength(addressTextLengthMax)))
    .check(z.minLength(1), z.maxLength(monitorsMax)),
};

export function keyText(key: Uint8Array): string {
  return viewBuffer(key).toString('base64');
}

/** From what `storedCredentials` has checked. Throws `INVALID_ARGUMENT` for an address that is none. */
export function credentialsOf(stored: {
  readonly fsid: string;
  readonly name: string;
  readonly key: string;
  readonly monitors: readonly string[];
}): Credentials {
  const { fsid, name } = stored;
  return {
    fsid,
    name,
    key: new Uint8Array(Buffer.from(stored.key, 'base64')),
    monitors: stored.monitors.map((text) => parseNodeAddress(text)),
  };
}
