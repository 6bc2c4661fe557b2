/** The cluster map itself: `cairn map …`. */
import * as z from 'zod/mini';
import { defineQuery } from '../command.js';

/** Of one answer: half of what a header may have (wire/limits.ts). */
export const mapPieceBytes = 512 * 1024;

export interface MapPiece {
  readonly epoch: number;
  readonly totalBytes: number;
  /** From `offset` on, at most `mapPieceBytes`; the document has a checksum of its own at its end. */
  readonly bytes: Uint8Array;
}

/** Epoch 0 is the newest that the monitor has; the pieces that follow name the epoch that the first one had. */
export const mapPiece = defineQuery<MapPiece>()('map.piece', {
  access: 'r',
  args: z.strictObject({
    epoch: z.int().check(z.gte(0), z.lte(Number.MAX_SAFE_INTEGER)),
    offset: z.int().check(z.gte(0), z.lte(2 ** 32)),
  }),
});
