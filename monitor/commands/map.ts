/** Whole maps for people, in pieces: daemons and clients subscribe instead. */
import { concatBytes } from '../../base/bytes.js';
import { CairnError } from '../../base/errors.js';
import { encodeMapInSlices } from '../../cluster/codec/map-codec.js';
import type { ClusterMap } from '../../cluster/map.js';
import { type MapPiece, mapPiece, mapPieceBytes } from '../../protocol/commands/map.js';
import type { CommandContext, CommandTable } from './types.js';

/** Maps of earlier epochs, where a monitor keeps them. */
export interface MapArchive {
  /** As `encodeMap` writes it; `undefined` when that epoch is not kept (any more). */
  encoded(epoch: number): Promise<Uint8Array | undefined>;
}

export const noMapArchive: MapArchive = { encoded: async () => undefined };

/** Encoded maps kept for those who are still asking for their pieces: some MiB each in the largest clusters. */
const keptMax = 2;

export function registerMapCommands(table: CommandTable, archive: MapArchive = noMapArchive): void {
  const kept = new Map<number, Uint8Array>();
  table.onQuery(mapPiece, async ({ epoch, offset }, context): Promise<MapPiece> => {
    const { map } = context.state;
    const wanted = epoch === 0 ? map.epoch : epoch;
    if (wanted > map.epoch) {
      throw new CairnError('NOT_FOUND', `epoch ${wanted} is yet to come; the map is at epoch ${map.epoch}`);
    }
    const bytes =
      kept.get(wanted) ?? (wanted === map.epoch ? await encode(map, context) : await archive.encoded(wanted));
    if (bytes === undefined) {
      throw new CairnError(
        'NOT_FOUND',
        `epoch ${wanted} is not kept any more; leave --epoch out for epoch ${map.epoch}`,
      );
    }
    kept.delete(wanted);
    kept.set(wanted, bytes);
    for (const oldest of kept.keys()) if (kept.size > keptMax) kept.delete(oldest);
    return { epoch: wanted, totalBytes: bytes.byteLength, bytes: bytes.slice(offset, offset + mapPieceBytes) };
  });
}

async function encode(map: ClusterMap, context: CommandContext): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (const piece of encodeMapInSlices(map)) {
    pieces.push(piece);
    await context.yieldTurn();
  }
  return concatBytes(pieces);
}
