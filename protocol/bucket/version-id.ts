/**
 * What names a version, and an upload: the shard's sequence, which orders them, and the id of the request that wrote it, so
 * that no other version has the same name, whatever shard or bucket it is in. Clients see 32 hex digits, or `null`.
 */
import { bigEndian, readBigEndian } from './shard-keys.js';

/** Of a request: 8 bytes, as latin1. */
export const requestIdBytes = 8;

export interface VersionName {
  readonly sequence: number;
  /** `requestIdBytes` bytes as latin1. */
  readonly requestId: string;
}

const idPattern = /^00[0-9a-f]{30}$/;

export function printVersionId(version: VersionName): string {
  return Buffer.from(uploadOf(version), 'latin1').toString('hex');
}

/** `undefined` for what was never a version's id. */
export function parseVersionId(text: string): VersionName | undefined {
  if (!idPattern.test(text)) return undefined;
  const bytes = Buffer.from(text, 'hex').toString('latin1');
  const high = bytes.charCodeAt(1);
  // Beyond 2^53 - 1, which no shard reaches.
  if (high > 0x1f) return undefined;
  return { sequence: readBigEndian(bytes, 0), requestId: bytes.slice(8) };
}

/** The same as the 16 bytes, latin1, that stand in keys of uploads. */
export function uploadOf({ sequence, requestId }: VersionName): string {
  return bigEndian(sequence) + requestId;
}

export function readUpload(bytes: string): VersionName {
  return { sequence: readBigEndian(bytes, 0), requestId: bytes.slice(8, 16) };
}
