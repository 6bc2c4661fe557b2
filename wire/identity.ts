/** Who this node says it is, and how it recognises others; the same for all of its connections. */
import type { Random } from '../runtime/random.js';
import { nonceBytes, protocolVersionMax, protocolVersionMin, type Hello } from './hello.js';
import type { ReceiveLimits } from './limits.js';

export interface Identity {
  /** `osd.3`, `mon.a`, `client.backup`. */
  readonly name: string;
  /** `osd`, `monitor`, `client`. */
  readonly role: string;
  /** The cluster's id. A node without one talks to any cluster. */
  readonly fsid?: string | undefined;
  /** Default: what this code speaks. */
  readonly versionMin?: number;
  readonly versionMax?: number;
  /** Bits of what this node can do. Default none. */
  readonly featuresSupported?: bigint;
  /** Bits of what the other must be able to do. Default none. */
  readonly featuresRequired?: bigint;
}

/** What an acceptor knows of dialers: their keys. An acceptor proves itself by knowing the dialer's. */
export interface Keyring {
  /**
   * At least 32 random bytes; `undefined` for a name that nobody has. Takes equally long for both. `isFresh`: what it said a
   * moment ago did not fit, so that a key which was kept is to be looked up anew. Rejects when it cannot know now: the dialer
   * is told why, and tries again.
   */
  keyFor(name: string, isFresh?: boolean): Uint8Array | undefined | Promise<Uint8Array | undefined>;
}

export function helloOf(
  random: Random,
  identity: Identity,
  options: { readonly authenticates: boolean; readonly checksums: boolean; readonly limits: ReceiveLimits },
): Hello {
  return {
    versionMin: identity.versionMin ?? protocolVersionMin,
    versionMax: identity.versionMax ?? protocolVersionMax,
    featuresSupported: identity.featuresSupported ?? 0n,
    featuresRequired: identity.featuresRequired ?? 0n,
    name: identity.name,
    role: identity.role,
    fsid: identity.fsid,
    nonce: random.bytes(nonceBytes),
    ...options,
  };
}
