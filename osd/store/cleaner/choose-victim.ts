/**
 * Which segment to clean: by cost and benefit (Rosenblum and Ousterhout, "The Design and Implementation of a
 * Log-Structured File System", section 3.4). Cleaning a segment of utilisation u reads it and writes u of it, to win 1 - u;
 * what has not changed for long will not die by itself soon, so it is worth moving sooner.
 */
import type { SegmentTable } from '../segments/segment-table.js';

/**
 * Nothing worth the work is won from a fuller segment: at nine tenths, ten bytes are written to win one, and large payloads
 * fill no segment better than this.
 */
export const utilisationMax = 0.9;

export interface VictimOptions {
  readonly segmentBytes: number;
  /** Number of the newest batch: the age of a segment is how many came since it last changed. */
  readonly newestBatch: number;
  /** Room is very short: what counts is how much one cleaning wins. */
  readonly isGreedy: boolean;
  readonly mayClean: (segment: number) => boolean;
}

/** `undefined` when no segment is worth it. Segments without any live byte need no cleaning. */
export function chooseVictim(table: SegmentTable, options: VictimOptions): number | undefined {
  let best: number | undefined;
  let bestScore = 0;
  for (let segment = 0; segment < table.count; segment++) {
    if (table.state(segment) !== 'closed') continue;
    const { liveBytes, lastBatch, diedAt } = table.info(segment);
    const utilisation = liveBytes / options.segmentBytes;
    if (liveBytes === 0 || utilisation > utilisationMax || !options.mayClean(segment)) continue;
    const age = options.isGreedy ? 1 : 1 + options.newestBatch - Math.max(lastBatch, diedAt);
    const score = ((1 - utilisation) * age) / (1 + utilisation);
    if (score <= bestScore) continue;
    best = segment;
    bestScore = score;
  }
  return best;
}
