/**
 * Which extents of a crowded chunk are written anew, as one payload for each run of neighbours:
 *
 *     ├a┤├b┤├c┤ ├d┤├────── large ──────┤├e┤├f┤         (large gap)         ├g┤
 *     └─── run ───┘                     └run─┘                              alone: stays
 *
 * Large extents stay, and are left out of every run: so appending byte after byte writes each byte anew until it is part of
 * a large one, not with each of the bytes behind it. What lies between two runs has at least `largeBytes`, so a chunk of 256
 * KiB is left with 32 that are large and 33 others at most, whatever was in it.
 */
import type { Extent } from '../format/extents.js';
import { chunkBytes, chunkExtentsMax } from '../limits.js';
import { invariant } from '../../../base/invariant.js';

/** Extents of so many bytes stay, and holes too; smaller holes inside of a run become zeros. */
export const largeBytes = chunkBytes / 32;
const leftMax = 2 * (chunkBytes / largeBytes) + 1;

/** Extents read for one record: a list that an earlier version let grow is merged in several steps. */
const partsMax = 1_024;
/** Of a record, what a part takes there at most, and the checksums that it may be to blame for. */
const partBytes = 64;

/** `bytesMax`: what their record and payloads may take in the log. No runs where nothing would be won. */
export function runsToMerge(extents: readonly Extent[], bytesMax: number): Extent[][] {
  const runs: Extent[][] = [];
  let run: Extent[] = [];
  let parts = 0;
  let logBytes = 0;
  let end = 0;
  for (const extent of extents) {
    const gap = extent.at - end;
    const isAlone = run.length === 0 || gap >= largeBytes;
    end = extent.at + extent.bytes;
    if (extent.bytes >= largeBytes) {
      run = [];
      continue;
    }
    const added = partBytes + extent.bytes + (isAlone ? 0 : gap);
    if (parts >= partsMax || logBytes + added > bytesMax) break;
    if (isAlone) {
      run = [];
      runs.push(run);
    }
    run.push(extent);
    parts += 1;
    logBytes += added;
  }
  return runs.filter(({ length }) => length > 1);
}

invariant(leftMax <= chunkExtentsMax / 2 + 1, 'a merged chunk has half of the extents that it may have');
