/** Makes an empty store. */
import { CairnError, isCairnError } from '../../base/errors.js';
import type { Runtime } from '../../runtime/runtime.js';
import { writeFileDurably } from '../../runtime/whole-file.js';
import { encodeCheckpointRecord } from './checkpoint/checkpoint-record.js';
import { markerValue } from './checkpoint/load.js';
import { checkpointKey, newestCheckpointKey, segmentKey } from './format/index-key.js';
import { encodeSuperblock, superblockName, type Superblock } from './format/superblock.js';
import { pageBytes, segmentBytesDefault, segmentBytesMin } from './limits.js';
import { SegmentFiles, segmentsDirectory } from './log/segment-files.js';
import { encodeSegmentInfo, SegmentTable } from './segments/segment-table.js';
import { reservedSegments } from './space/space.js';

export const indexDirectory = 'index';

export interface MkfsOptions {
  readonly osd: number;
  /** Of the cluster. Default: empty, until the OSD is told. */
  readonly fsid?: string;
  /** Of segments and index together. Default: the file system's size less 5 %. */
  readonly capacityBytes?: number;
  /** Default 64 MiB; a power of two from 256 KiB. */
  readonly segmentBytes?: number;
}

/** The index's share of the capacity: 340 bytes of it for each object of 4 KiB, with LevelDB's own slack. */
const indexShare = 1 / 10;

/**
 * `EXISTS` when the directory holds a store, `INVALID_ARGUMENT` when it is too small for one. A directory in which an
 * earlier mkfs was cut short is used again: it has no superblock, which is written last.
 */
export async function mkfs(runtime: Runtime, directory: string, options: MkfsOptions): Promise<Superblock> {
  const { disk, kv } = runtime;
  await refuseExisting(runtime, directory);
  const missing = await missingDirectories(runtime, directory);
  await disk.makeDirectory(`${directory}/${segmentsDirectory}`);
  const superblock = await plan(runtime, directory, options);
  await disk.removeTree(`${directory}/${segmentsDirectory}`);
  await disk.removeTree(`${directory}/${indexDirectory}`);
  await disk.makeDirectory(`${directory}/${segmentsDirectory}`);
  await disk.syncDirectory(directory);
  const files = new SegmentFiles(runtime, directory, superblock);
  const table = new SegmentTable(superblock.segments);
  const generation = await files.prepare(0, 0, 0, false);
  await files.close();
  table.begin(0, 'hot', generation);
  table.wrote(0, 0, pageBytes);
  const index = await kv.open(`${directory}/${indexDirectory}`);
  try {
    const record = encodeCheckpointRecord({
      number: 1,
      batch: 0,
      batchChecksum: 0n,
      heads: {
        hot: { segment: 0, generation, offset: pageBytes },
        hotNext: undefined,
        cold: undefined,
        coldNext: undefined,
      },
      durableBatch: 0,
      boot: 0,
      nextShared: 1,
    });
    await index.batch(
      [
        { type: 'put', key: newestCheckpointKey, value: record },
        { type: 'put', key: checkpointKey(1), value: markerValue(record) },
        { type: 'put', key: segmentKey(0), value: encodeSegmentInfo(table.info(0)) },
      ],
      { sync: true },
    );
  } finally {
    await index.close();
  }
  await writeFileDurably(disk, directory, superblockName, encodeSuperblock(superblock));
  // A directory whose name is not durable would take everything that is synced below it along.
  for (const path of missing) await disk.syncDirectory(parentOf(path));
  return superblock;
}

/** The directory and those above it that have to be made, the deepest first. */
async function missingDirectories({ disk }: Runtime, directory: string): Promise<string[]> {
  const missing: string[] = [];
  for (let path = directory; path !== parentOf(path); path = parentOf(path)) {
    try {
      await disk.stat(path);
      break;
    } catch (error) {
      if (!isCairnError(error, 'NOT_FOUND')) throw error;
      missing.push(path);
    }
  }
  return missing;
}

/** `.` and `/` are their own. */
function parentOf(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  const slash = trimmed.lastIndexOf('/');
  if (slash < 0) return '.';
  return slash === 0 ? '/' : trimmed.slice(0, slash);
}

async function refuseExisting({ disk }: Runtime, directory: string): Promise<void> {
  try {
    await disk.stat(`${directory}/${superblockName}`);
  } catch (error) {
    if (isCairnError(error, 'NOT_FOUND')) return;
    throw error;
  }
  const message = `${directory} holds a store already; to lose what is in it, remove the directory first`;
  throw new CairnError('EXISTS', message);
}

async function plan(runtime: Runtime, directory: string, options: MkfsOptions): Promise<Superblock> {
  const { osd, fsid = '', segmentBytes = segmentBytesDefault } = options;
  if (!Number.isInteger(Math.log2(segmentBytes)) || segmentBytes < segmentBytesMin || segmentBytes > 2 ** 30) {
    throw new CairnError('INVALID_ARGUMENT', `segments have a power of two from ${segmentBytesMin} bytes to 1 GiB`);
  }
  const space = await runtime.disk.space(directory);
  const capacityBytes = options.capacityBytes ?? Math.floor(space.totalBytes * 0.95);
  const segments = Math.floor((capacityBytes * (1 - indexShare)) / segmentBytes);
  // Room for the reserve, the heads of the log, and something to store.
  const segmentsMin = reservedSegments(segments) + 4;
  if (segments < segmentsMin) {
    const least = Math.ceil((segmentsMin * segmentBytes) / (1 - indexShare));
    const message = `${capacityBytes} bytes are too few for a store: it needs ${least}, with segments of ${segmentBytes}`;
    throw new CairnError('INVALID_ARGUMENT', `${message}; use a larger disk or --segment-size`);
  }
  return {
    uuid: runtime.random.bytes(16),
    fsid,
    osd,
    capacityBytes,
    segmentBytes,
    segments,
    requiredFeatures: [],
    renewals: [],
  };
}
