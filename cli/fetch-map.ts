/** A whole cluster map, fetched piece by piece. */
import { concatBytes } from '../base/bytes.js';
import { CairnError } from '../base/errors.js';
import { mapPiece } from '../protocol/commands/map.js';
import type { Answer, MonitorClient } from '../protocol/monitor-client.js';
import type { WaitOptions } from '../runtime/clock.js';

/** Twenty times the map of 1,000 OSDs and 100,000 PGs. */
const mapBytesMax = 128 * 1024 * 1024;

/** As encoded; epoch 0 for the newest. Errors: `NOT_FOUND` for an epoch that is not kept, `CORRUPT` when pieces do not fit. */
export async function fetchMap(client: MonitorClient, epoch: number, wait: WaitOptions): Promise<Answer<Uint8Array>> {
  const pieces: Uint8Array[] = [];
  let wanted = epoch;
  let offset = 0;
  for (;;) {
    const answer = await client.query(mapPiece, { epoch: wanted, offset }, { ...wait, mayBeStale: true });
    const { bytes, totalBytes } = answer.result;
    pieces.push(bytes);
    offset += bytes.byteLength;
    wanted = answer.result.epoch;
    if (offset === totalBytes) return { ...answer, epoch: wanted, result: concatBytes(pieces) };
    if (bytes.byteLength === 0 || offset > totalBytes || totalBytes > mapBytesMax) {
      throw new CairnError('CORRUPT', `the pieces of map epoch ${wanted} do not fit together; try again`);
    }
  }
}
