/** Frames as a peer would send them, for tests that speak to a decoder directly. */
import { FrameChecksum } from '../../wire/frame-checksum.js';
import { inlinePayloadBytesMax, noDeadline, prefixBytes, writePrefix, type FramePrefix } from '../../wire/frame.js';

export interface TestFrame {
  readonly type: number;
  readonly level?: number;
  readonly requestId?: number;
  readonly deadlineMs?: number;
  readonly method?: number;
  readonly header: Uint8Array;
  readonly payload: Uint8Array;
}

export function prefixOf(frame: TestFrame): FramePrefix {
  return {
    type: frame.type,
    level: frame.level ?? 0,
    requestId: frame.requestId ?? 0,
    headerBytes: frame.header.byteLength,
    payloadBytes: frame.payload.byteLength,
    deadlineMs: frame.deadlineMs ?? noDeadline,
    method: frame.method ?? 0,
  };
}

/** The bytes of the frames, in order, under one checksum. */
export function encodeFrames(frames: readonly TestFrame[], seed?: bigint): Buffer {
  const checksum = seed === undefined ? undefined : new FrameChecksum(seed);
  return Buffer.concat(
    frames.map((frame) => {
      const bytes = Buffer.alloc(prefixBytes + frame.header.byteLength + frame.payload.byteLength);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const headEnd = prefixBytes + frame.header.byteLength;
      writePrefix(view, 0, prefixOf(frame));
      bytes.set(frame.header, prefixBytes);
      bytes.set(frame.payload, headEnd);
      const isInline = frame.payload.byteLength <= inlinePayloadBytesMax;
      checksum?.seal(bytes, view, 0, isInline ? bytes.byteLength : headEnd, isInline ? [] : [frame.payload]);
      return bytes;
    }),
  );
}
