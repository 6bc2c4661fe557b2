/** What a handshake ends with, and the rules that both ends apply to the two hellos. */
import { CairnError } from '../base/errors.js';
import type { Hello } from './hello.js';
import type { ReceiveLimits } from './limits.js';
import { checksumSeedOf, transcriptOf, type End } from './proof.js';

export interface Session {
  readonly peer: { readonly name: string; readonly role: string; readonly fsid: string | undefined };
  readonly version: number;
  /** Supported by both. */
  readonly features: bigint;
  /** What the peer accepts. */
  readonly limits: ReceiveLimits;
  /** Absent when frames carry no checksums. */
  readonly checksumSeeds: { readonly send: bigint; readonly receive: bigint } | undefined;
  /** Whether both ends have proven to know the dialer's key. */
  readonly authenticated: boolean;
}

/** What one end checks about the other besides the rules below. */
export interface PeerExpectation {
  /** The only name accepted. */
  readonly name?: string | undefined;
  /** From the peer's verified certificate: the name must equal it. */
  readonly certificateName?: string | undefined;
}

/** Throws the reason why `mine` and `theirs` cannot talk; else returns what they share. */
export function agree(mine: Hello, theirs: Hello, expected: PeerExpectation): { version: number; features: bigint } {
  const version = Math.min(mine.versionMax, theirs.versionMax);
  if (version < mine.versionMin || version < theirs.versionMin) throw noCommonVersion(mine, theirs);
  checkFeatures(mine, theirs);
  checkFeatures(theirs, mine);
  if (mine.fsid !== undefined && theirs.fsid !== undefined && mine.fsid !== theirs.fsid) {
    throw new CairnError(
      'CONFLICT',
      `${mine.name} is of cluster ${mine.fsid}, ${theirs.name} of cluster ${theirs.fsid}; correct the address`,
    );
  }
  checkIdentity(mine, theirs, expected);
  return { version, features: mine.featuresSupported & theirs.featuresSupported };
}

export function makeSession(end: End, hellos: SessionHellos, authenticated: boolean): Session {
  const { mine, theirs, sent, received } = hellos;
  const { version, features } = hellos.agreed;
  const transcript = end === 'dialer' ? transcriptOf(sent, received) : transcriptOf(received, sent);
  const other = end === 'dialer' ? 'acceptor' : 'dialer';
  const seeds = { send: checksumSeedOf(end, transcript), receive: checksumSeedOf(other, transcript) };
  return {
    peer: { name: theirs.name, role: theirs.role, fsid: theirs.fsid },
    version,
    features,
    limits: theirs.limits,
    checksumSeeds: mine.checksums || theirs.checksums ? seeds : undefined,
    authenticated,
  };
}

export interface SessionHellos {
  readonly mine: Hello;
  readonly theirs: Hello;
  /** The bytes of the two. */
  readonly sent: Uint8Array;
  readonly received: Uint8Array;
  readonly agreed: { readonly version: number; readonly features: bigint };
}

function noCommonVersion(mine: Hello, theirs: Hello): CairnError {
  return new CairnError(
    'VERSION_MISMATCH',
    `${mine.name} speaks versions ${mine.versionMin} to ${mine.versionMax}, ${theirs.name} ${theirs.versionMin} to ` +
      `${theirs.versionMax}; upgrade the older one`,
  );
}

function checkFeatures(demanding: Hello, offering: Hello): void {
  const missing = demanding.featuresRequired & ~offering.featuresSupported;
  if (missing === 0n) return;
  throw new CairnError(
    'VERSION_MISMATCH',
    `${demanding.name} requires features 0x${missing.toString(16)} that ${offering.name} lacks; upgrade ${offering.name}`,
  );
}

function checkIdentity(mine: Hello, theirs: Hello, expected: PeerExpectation): void {
  if (Buffer.compare(mine.nonce, theirs.nonce) === 0) {
    throw new CairnError('AUTHENTICATION_FAILED', 'the peer repeated the nonce that it was sent');
  }
  if (mine.authenticates !== theirs.authenticates) {
    const keyless = mine.authenticates ? theirs.name : mine.name;
    throw new CairnError(
      'AUTHENTICATION_FAILED',
      `${keyless} has no keys while its peer requires them; configure its key`,
    );
  }
  if (expected.name !== undefined && theirs.name !== expected.name) {
    throw new CairnError('AUTHENTICATION_FAILED', `${expected.name} was expected there, but ${theirs.name} answered`);
  }
  if (expected.certificateName !== undefined && theirs.name !== expected.certificateName) {
    throw new CairnError(
      'AUTHENTICATION_FAILED',
      `${theirs.name} presented the certificate of ${expected.certificateName}; use its own`,
    );
  }
}
