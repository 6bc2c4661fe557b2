/**
 * What each end says of itself first. A hello is a MessagePack map; fields that a node does not know are ignored, so a
 * newer one may add some. The proofs cover the bytes as they were sent, not what was understood of them.
 */
import { CairnError } from '../base/errors.js';
import { decodeHeader, encodeHeader } from './header-codec.js';
import {
  fitsWindow,
  headerBytesLimit,
  payloadBytesLimit,
  windowBytesMax,
  windowMessagesMax,
  type ReceiveLimits,
} from './limits.js';

export const nonceBytes = 32;

/** Protocol versions that this code speaks. */
export const protocolVersionMin = 1;
export const protocolVersionMax = 1;

export interface Hello {
  readonly versionMin: number;
  readonly versionMax: number;
  /** Bit sets of 64. A connection uses the intersection of what both support. */
  readonly featuresSupported: bigint;
  /** What the other end must support, or there is no connection. */
  readonly featuresRequired: bigint;
  /** `osd.3`, `mon.a`, `client.backup`: 1 to 64 letters, digits, dots, dashes and underscores. */
  readonly name: string;
  /** What kind of node: `osd`, `monitor`, `client`. */
  readonly role: string;
  /** The cluster's id; absent from a node that does not know it yet. */
  readonly fsid?: string | undefined;
  readonly nonce: Uint8Array;
  /** Whether this end will prove that it knows the dialer's key, and wants the same proven. */
  readonly authenticates: boolean;
  /** Whether this end wants frames to carry checksums; one such wish suffices. */
  readonly checksums: boolean;
  readonly limits: ReceiveLimits;
}

const namePattern = /^[A-Za-z0-9._-]{1,64}$/;
const u64Max = (1n << 64n) - 1n;

export function isNodeName(name: unknown): name is string {
  return typeof name === 'string' && namePattern.test(name);
}

export function encodeHello(hello: Hello): Uint8Array {
  const { limits } = hello;
  return encodeHeader({
    version: [hello.versionMin, hello.versionMax],
    supported: hello.featuresSupported,
    required: hello.featuresRequired,
    name: hello.name,
    role: hello.role,
    fsid: hello.fsid ?? null,
    nonce: hello.nonce,
    authenticates: hello.authenticates,
    checksums: hello.checksums,
    limits: [limits.headerBytesMax, limits.payloadBytesMax, limits.windowBytes, limits.windowMessages],
  });
}

/** Throws `PROTOCOL_ERROR` when a field is missing or cannot be right. */
export function decodeHello(body: Uint8Array): Hello {
  const map = decodeHeader(body, 0, body.byteLength);
  if (typeof map !== 'object' || map === null || Array.isArray(map)) throw wrong('it is not a map');
  const fields = map as Readonly<Record<string, unknown>>;
  const [versionMin, versionMax] = integers(fields['version'], 'version', 2);
  const [headerBytesMax, payloadBytesMax, windowBytes, windowMessages] = integers(fields['limits'], 'limits', 4);
  if (versionMin < 1 || versionMax < versionMin) throw wrong('its version range is empty');
  const announced = { headerBytesMax, payloadBytesMax, windowBytes, windowMessages };
  if (!fitsWindow(announced)) throw wrong('its window is smaller than its largest message');
  const name = fields['name'];
  const role = fields['role'];
  if (!isNodeName(name) || !isNodeName(role)) throw wrong('its name or role is malformed');
  return {
    versionMin,
    versionMax,
    featuresSupported: bits(fields['supported'], 'supported'),
    featuresRequired: bits(fields['required'], 'required'),
    name,
    role,
    fsid: fsidOf(fields['fsid']),
    nonce: nonceOf(fields['nonce']),
    authenticates: fields['authenticates'] === true,
    checksums: fields['checksums'] === true,
    limits: {
      headerBytesMax: Math.min(headerBytesMax, headerBytesLimit),
      payloadBytesMax: Math.min(payloadBytesMax, payloadBytesLimit),
      windowBytes: Math.min(windowBytes, windowBytesMax),
      windowMessages: Math.min(windowMessages, windowMessagesMax),
    },
  };
}

function integers(value: unknown, field: string, count: 2): [number, number];
function integers(value: unknown, field: string, count: 4): [number, number, number, number];
function integers(value: unknown, field: string, count: number): number[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  const numbers = list.filter((item) => typeof item === 'number' && Number.isSafeInteger(item) && item >= 0);
  if (list.length < count || numbers.length !== list.length) throw wrong(`its field ${field} is malformed`);
  return numbers as number[];
}

function bits(value: unknown, field: string): bigint {
  if (typeof value !== 'bigint' || value < 0n || value > u64Max) throw wrong(`its field ${field} is malformed`);
  return value;
}

function fsidOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value !== 'string' || value.length > 64) throw wrong('its fsid is malformed');
  return value;
}

function nonceOf(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array) || value.byteLength !== nonceBytes) throw wrong('its nonce is malformed');
  return value;
}

function wrong(why: string): CairnError {
  return new CairnError('PROTOCOL_ERROR', `the peer's hello is not acceptable: ${why}`);
}
