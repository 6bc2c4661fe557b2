import { createHmac } from 'node:crypto';
import { invariant } from '../../base/invariant.js';
import type { CredentialScope } from './credential-scope.js';
import { scopeTerminal } from './credential-scope.js';

/** 32 bytes, derived from a secret key by four HMACs: whoever has it signs for one date, region and service only. */
export type SigningKey = Uint8Array;

export function deriveSigningKey(secretKey: string, { date, region, service }: CredentialScope): SigningKey {
  return [date, region, service, scopeTerminal].reduce<string | Uint8Array>(
    (key, text) => createHmac('sha256', key).update(text).digest(),
    `AWS4${secretKey}`,
  ) as Uint8Array;
}

/** In hexadecimal, 64 digits in lower case. */
export function sign(key: SigningKey, stringToSign: string): string {
  return createHmac('sha256', key).update(stringToSign).digest('hex');
}

interface Entry {
  readonly secretKey: string;
  readonly key: SigningKey;
}

/**
 * Derived keys, so that a request costs one HMAC instead of five. Holds at most `countMax`, about 400 bytes each; the one not used for
 * longest goes first. A secret that changed under its access key is noticed.
 */
export class SigningKeyCache {
  readonly #countMax: number;
  /** The most recently used last. */
  readonly #entries = new Map<string, Entry>();

  /** Default 10,000: so many access keys may take turns, for 4 MB. */
  constructor(countMax = 10_000) {
    invariant(countMax > 0, 'a cache holds something');
    this.#countMax = countMax;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The key for `scope`, which the caller has found to be what it expects: clients could fill the cache with any other. */
  keyFor(accessKey: string, secretKey: string, scope: CredentialScope): SigningKey {
    // The access key comes last: it alone may hold slashes.
    const name = `${scope.date}/${scope.region}/${scope.service}/${accessKey}`;
    let entry = this.#entries.get(name);
    if (entry?.secretKey !== secretKey) entry = { secretKey, key: deriveSigningKey(secretKey, scope) };
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    if (this.#entries.size > this.#countMax) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    return entry.key;
  }
}
