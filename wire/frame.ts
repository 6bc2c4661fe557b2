/**
 * The frame: 32 bytes of prefix, then the header (MessagePack), then the payload (raw). All integers are little-endian.
 *
 *     offset  0  u64  checksum of everything after it (0 under TLS)
 *             8  u8   magic 0xCA
 *             9  u8   type
 *            10  u16  flags: bits 0-1 the level; the rest zero
 *            12  u32  request id
 *            16  u32  header bytes
 *            20  u32  payload bytes
 *            24  u32  deadline: milliseconds left, 0xFFFFFFFF for none
 *            28  u32  method id
 *
 * Which types use which field: README.md, "Frames".
 */
import { CairnError } from '../base/errors.js';

export const prefixBytes = 32;
export const checksumBytes = 8;
export const frameMagic = 0xca;
export const noDeadline = 0xffffffff;
export const levelMask = 0x0003;

/**
 * Payloads up to this are copied to lie behind their header, and hashed with it. Measured with payloads of 4 KiB: copied
 * they cost 12 us of CPU per call and side at depth 16 and 7.3 at depth 128, as slices of their own 7.2 and 7.2; at 100
 * bytes copying wins by far (docs/NODE-LIMITS.md 4).
 */
export const inlinePayloadBytesMax = 2 * 1024;

export const frameTypes = {
  request: 1,
  response: 2,
  error: 3,
  oneWay: 4,
  cancel: 5,
  credit: 6,
  ping: 7,
  pong: 8,
  goodbye: 9,
} as const;

export type FrameType = (typeof frameTypes)[keyof typeof frameTypes];

/** The prefix without magic and checksum. Decoders reuse one object for all frames of a connection. */
export interface FramePrefix {
  type: number;
  level: number;
  requestId: number;
  headerBytes: number;
  payloadBytes: number;
  /** Milliseconds left when it was sent, or `noDeadline`. */
  deadlineMs: number;
  method: number;
}

export function emptyPrefix(): FramePrefix {
  return { type: 0, level: 0, requestId: 0, headerBytes: 0, payloadBytes: 0, deadlineMs: noDeadline, method: 0 };
}

/** Writes everything but the checksum, which becomes zero. */
export function writePrefix(view: DataView, offset: number, prefix: Readonly<FramePrefix>): void {
  view.setUint32(offset, 0, true);
  view.setUint32(offset + 4, 0, true);
  view.setUint32(offset + 8, (frameMagic | (prefix.type << 8) | (prefix.level << 16)) >>> 0, true);
  view.setUint32(offset + 12, prefix.requestId, true);
  view.setUint32(offset + 16, prefix.headerBytes, true);
  view.setUint32(offset + 20, prefix.payloadBytes, true);
  view.setUint32(offset + 24, prefix.deadlineMs, true);
  view.setUint32(offset + 28, prefix.method, true);
}

/** Replaces the deadline of a prefix that waited in a queue. */
export function writeDeadline(view: DataView, offset: number, deadlineMs: number): void {
  view.setUint32(offset + 24, deadlineMs, true);
}

/** Reads the 32 bytes at `offset` into `target`. Throws `PROTOCOL_ERROR` for a wrong magic or unknown flags. */
export function readPrefix(bytes: Uint8Array, offset: number, target: FramePrefix): void {
  const word = readU32(bytes, offset + 8);
  if ((word & 0xff) !== frameMagic)
    throw new CairnError('PROTOCOL_ERROR', 'a frame does not begin with the magic byte');
  const flags = word >>> 16;
  if ((flags & ~levelMask) !== 0) throw new CairnError('PROTOCOL_ERROR', `a frame has unknown flags ${flags}`);
  target.type = (word >>> 8) & 0xff;
  target.level = flags & levelMask;
  target.requestId = readU32(bytes, offset + 12);
  target.headerBytes = readU32(bytes, offset + 16);
  target.payloadBytes = readU32(bytes, offset + 20);
  target.deadlineMs = readU32(bytes, offset + 24);
  target.method = readU32(bytes, offset + 28);
}

/** Bytes that count against the window. */
export function frameCost(headerBytes: number, payloadBytes: number): number {
  return prefixBytes + headerBytes + payloadBytes;
}

/** Out of range reads as zero; callers have checked that the bytes are there. */
export function readU32(bytes: Uint8Array, offset: number): number {
  return (
    ((bytes[offset] ?? 0) |
      ((bytes[offset + 1] ?? 0) << 8) |
      ((bytes[offset + 2] ?? 0) << 16) |
      ((bytes[offset + 3] ?? 0) << 24)) >>>
    0
  );
}
