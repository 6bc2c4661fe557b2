/**
 * Commands about who may connect, and what for: `cairn auth …`. All need `x`: who can make keys can make one for
 * everything. No arguments hold a key; results that do (`IssuedKey`) are for the one who asked.
 */
import * as z from 'zod/mini';
import { defineChange, defineQuery } from '../command.js';
import { entityNameLengthMax } from '../entity-name.js';

/** Services that capabilities speak of, and capabilities per service, are few. */
const capsMax = 8;
const capLengthMax = 1024;

/** By service, in the order given: `['mon', 'allow r']`. Pairs, since keys of objects are not for users to choose. */
export type Caps = readonly (readonly [service: string, cap: string])[];

/** Its form is checked by the evaluator, whose message says more. */
const nameField = z.string().check(z.minLength(1), z.maxLength(entityNameLengthMax));
const capsField = z
  .array(z.tuple([z.string().check(z.maxLength(16)), z.string().check(z.maxLength(capLengthMax))]))
  .check(z.maxLength(capsMax));

export interface AuthEntity {
  readonly name: string;
  readonly caps: Caps;
}

/** What somebody needs to connect with that key. */
export interface IssuedKey extends AuthEntity {
  readonly fsid: string;
  /** 32 bytes. */
  readonly key: Uint8Array;
  readonly monitors: readonly { readonly host: string; readonly port: number }[];
}

export const authAdd = defineChange<IssuedKey & { readonly isNew: boolean }>()('auth.add', {
  access: 'x',
  args: z.strictObject({ name: nameField, caps: capsField }),
});

export const authGet = defineQuery<IssuedKey>()('auth.get', {
  access: 'x',
  args: z.strictObject({ name: nameField }),
});

/** So many in one answer, fewer when they are long; the rest is read page by page. */
export const authPageSize = 1000;

export interface AuthPage {
  /** By name. */
  readonly entities: readonly AuthEntity[];
  readonly hasMore: boolean;
}

/** Names after `after`, in byte order; all from the empty one on. */
export const authLs = defineQuery<AuthPage>()('auth.ls', {
  access: 'x',
  args: z.strictObject({ after: z.string().check(z.maxLength(entityNameLengthMax)) }),
});

/** Replaces all capabilities of the entity. */
export const authCaps = defineChange<AuthEntity & { readonly isChanged: boolean }>()('auth.caps', {
  access: 'x',
  args: z.strictObject({ name: nameField, caps: capsField }),
});

export const authRm = defineChange<{ readonly wasThere: boolean }>()('auth.rm', {
  access: 'x',
  args: z.strictObject({ name: nameField }),
});

/** The old key ends with the change: there is no time when both are valid. */
export const authRotate = defineChange<IssuedKey>()('auth.rotate', {
  access: 'x',
  args: z.strictObject({ name: nameField }),
});

export interface ServiceKey {
  /** 32 bytes (wire/service-key.ts); `undefined` for a name that has no key. */
  readonly key: Uint8Array | undefined;
}

/** By an OSD, about who connects to it: what he proves himself with there, never the key itself. */
export const authServiceKey = defineQuery<ServiceKey>()('auth.service-key', {
  access: 'x',
  area: 'service-key',
  args: z.strictObject({ name: nameField, service: z.literal('osd') }),
});
