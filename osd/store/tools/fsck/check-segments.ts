/** Segments: their files and headers, what the table says of each, and, `deep`, every batch that is in them. */
import { isCairnError } from '../../../../base/errors.js';
import { showKey } from '../../../../runtime/kv-seal.js';
import type { Runtime } from '../../../../runtime/runtime.js';
import { forEachBodyOf, type StoreState } from '../../apply/draft.js';
import { payloadOwnerKey } from '../../format/index-key.js';
import { storeSeed, type Superblock } from '../../format/superblock.js';
import { pageBytes } from '../../limits.js';
import type { SegmentFiles } from '../../log/segment-files.js';
import type { LogPosition } from '../../log/log-writer.js';
import type { SegmentInfo } from '../../segments/segment-table.js';
import { readBatches } from '../../log/segment-batches.js';
import type { Accounts } from './accounts.js';
import type { Findings } from './finding.js';

export interface SegmentCheck {
  readonly runtime: Runtime;
  readonly superblock: Superblock;
  readonly files: SegmentFiles;
  readonly state: StoreState;
  readonly position: LogPosition;
  readonly findings: Findings;
}

export async function checkSegmentFiles(check: SegmentCheck): Promise<void> {
  const { state, position, superblock } = check;
  for (let segment = 0; segment < superblock.segments; segment++) {
    const info = state.segments.info(segment);
    if (info.state === 'unused') continue;
    checkInfo(check, segment, info);
    // Nothing of it is needed, and it may have been given its next life already.
    const isFree = state.segments.isRecyclable(segment, position.number);
    await checkFile(check, segment, info, isFree);
  }
}

function checkInfo({ findings, superblock, position }: SegmentCheck, segment: number, info: SegmentInfo): void {
  const { state, liveBytes, usedBytes, lastBatch, generation } = info;
  const wrong = (message: string): void => findings.add('segment-info', `segment ${segment} ${message}`, { segment });
  if (usedBytes > superblock.segmentBytes || usedBytes % pageBytes !== 0) wrong(`ends at ${usedBytes}`);
  if (liveBytes > superblock.segmentBytes) wrong(`has ${liveBytes} live bytes, more than it can hold`);
  if (generation === 0) wrong('is in use, and was never prepared');
  if (lastBatch > position.number) wrong(`has batch ${lastBatch}, and the log ends at ${position.number}`);
  const { hot, cold } = position.heads;
  if (state === 'hot' && hot?.segment !== segment) wrong('is not where the log goes on, and the table says so');
  if (state === 'cold' && cold?.segment !== segment) wrong('is not where the cleaner goes on, and the table says so');
  if (state === 'closed' && (hot?.segment === segment || cold?.segment === segment))
    wrong('is closed, and the log goes on there');
}

async function checkFile(check: SegmentCheck, segment: number, info: SegmentInfo, isFree: boolean): Promise<void> {
  const { runtime, files, findings } = check;
  const path = files.path(segment);
  let bytes: number;
  try {
    bytes = (await runtime.disk.stat(path)).bytes;
  } catch (error) {
    if (!isCairnError(error)) throw error;
    findings.add('segment-missing', `${path}, with ${info.liveBytes} live bytes: ${error.message}`, {
      segment,
      file: path,
    });
    return;
  }
  // A crash may cut the last batch's padding off, which holds nothing.
  if (bytes <= info.usedBytes - pageBytes && !isFree) {
    const message = `${path} has ${bytes} bytes, and its batches end at ${info.usedBytes}`;
    findings.add('segment-short', message, { segment, file: path });
  }
  try {
    const header = await files.readHeader(segment);
    const isRight =
      header !== undefined && (isFree ? header.generation >= info.generation : header.generation === info.generation);
    if (isRight) return;
    const found = header === undefined ? 'none' : `generation ${header.generation}`;
    const message = `${path}: expected the header of generation ${info.generation}, found ${found}`;
    findings.add('segment-header', message, { segment, file: path });
  } catch (error) {
    if (!isCairnError(error)) throw error;
    findings.add('segment-header', error.message, { segment, file: path });
  }
}

/** Every batch in use, to the last byte: what salvage would have to work with. Returns how many there are. */
export async function checkBatches(check: SegmentCheck, onBytes: (bytes: number) => void): Promise<number> {
  const { superblock, files, state, position, findings } = check;
  let batches = 0;
  for (let segment = 0; segment < superblock.segments; segment++) {
    const info = state.segments.info(segment);
    if (info.state === 'unused' || state.segments.isRecyclable(segment, position.number)) continue;
    const options = { storeSeed: storeSeed(superblock), segmentBytes: superblock.segmentBytes };
    const life = { segment, generation: info.generation };
    try {
      for await (const item of readBatches(files, life, { ...options, end: info.usedBytes })) {
        onBytes(item.bytes);
        if (item.kind === 'batch') {
          batches += 1;
          continue;
        }
        const message = `${files.path(segment)}: no whole batch at ${item.offset}, in ${item.bytes} bytes`;
        findings.add('batch', message, { segment, offset: item.offset });
      }
    } catch (error) {
      if (!isCairnError(error)) throw error;
      // A file that is missing is a finding already.
      if (error.code !== 'NOT_FOUND') findings.add('batch', `${files.path(segment)}: ${error.message}`, { segment });
    }
  }
  return batches;
}

export interface Settled {
  /** Live bytes by segment. */
  readonly live: Float64Array;
  /** Keys of `r` that go with removed values. */
  readonly droppedOwners: ReadonlySet<string>;
}

/** As the next checkpoint will have it: what removed ranges held is counted only when it walks them. */
export async function settle({ index, segments }: StoreState, findings: Findings): Promise<Settled> {
  const live = Float64Array.from({ length: segments.count }, (_, segment) => segments.info(segment).liveBytes);
  const droppedOwners = new Set<string>();
  const layer = index.active;
  for (const range of layer.ranges()) {
    const iterator = index.kv.iterate(range);
    try {
      for (let page = await iterator.next(1_000); page.length > 0; page = await iterator.next(1_000)) {
        for (const { key, value } of page) {
          if (layer.hasPoint(key) && !layer.isUncounted(key)) continue;
          try {
            forEachBodyOf(key, value, (payload, isMoved) => {
              const { segment, bytes } = payload;
              if (segment < live.length) live[segment] = (live[segment] ?? 0) - bytes;
              if (isMoved) droppedOwners.add(payloadOwnerKey(payload));
            });
          } catch (error) {
            if (!isCairnError(error, 'PARSE_ERROR')) throw error;
            findings.add('index-value-removed', error.message, { key: showKey(key) });
          }
        }
      }
    } finally {
      await iterator.close();
    }
  }
  return { live, droppedOwners };
}

export function compareLiveBytes(accounts: Accounts, settled: Settled, findings: Findings): void {
  settled.live.forEach((counted, segment) => {
    const found = accounts.live[segment] ?? 0;
    if (counted === found) return;
    const message = `segment ${segment} counts ${counted} live bytes, and ${found} are pointed to`;
    findings.add('live-bytes', message, { segment });
  });
}
