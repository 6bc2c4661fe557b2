/**
 * What `cairn mon add` prints and `cairn monitor join` takes: one word that fits a command line. It holds a key:
 * no error, log or audit record may quote it.
 */
import * as z from 'zod/mini';
import { CairnError } from '../base/errors.js';
import { printAddress } from './address-text.js';
import { type Credentials, credentialsOf, keyText, storedCredentials } from './credentials.js';

/** 64 addresses of 261 characters and the rest, in base64. */
const tokenLengthMax = 32 * 1024;

const tokenVersion = z.object({ v: z.number() });
const tokenFields = z.strictObject({ v: z.literal(1), ...storedCredentials });

/** base64url (RFC 4648, section 5, without padding) of JSON `{v, fsid, name, key, monitors}`. */
export function encodeJoinToken({ fsid, name, key, monitors }: Credentials): string {
  const fields = { v: 1, fsid, name, key: keyText(key), monitors: monitors.map((address) => printAddress(address)) };
  return Buffer.from(JSON.stringify(fields)).toString('base64url');
}

/** Throws `INVALID_ARGUMENT` for what is no token, `VERSION_MISMATCH` for one of a newer program. */
export function decodeJoinToken(text: string): Credentials {
  if (text.length > tokenLengthMax || !/^[A-Za-z0-9_-]+$/.test(text)) throw damaged();
  const fields = parseJson(Buffer.from(text, 'base64url').toString('utf8'));
  const version = z.safeParse(tokenVersion, fields);
  if (version.success && version.data.v !== 1) {
    throw new CairnError(
      'VERSION_MISMATCH',
      `the join token has version ${version.data.v}, this program knows 1; install the version that the cluster runs`,
    );
  }
  const parsed = z.safeParse(tokenFields, fields);
  if (!parsed.success) throw damaged();
  return credentialsOf(parsed.data);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The cause is left out: it quotes the text, and with it the key.
    throw damaged();
  }
}

function damaged(): CairnError {
  return new CairnError(
    'INVALID_ARGUMENT',
    'the join token is damaged or cut off; copy it whole, or print it again with `cairn mon add NAME`',
  );
}
