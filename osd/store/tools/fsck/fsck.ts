/**
 * Checks a store that no process has open, all that can be said of it, and mends what can be without a guess.
 *
 *     files of LevelDB ──► checkpoint, log (in memory) ──► objects ──► shared payloads, owners ──► PGs ──► segments
 *
 * Nothing is written without `repair`, but for what LevelDB does to its own files whenever it is opened. Therefore those
 * are checked before that.
 */
import { isCairnError, type CairnError } from '../../../../base/errors.js';
import type { Kv } from '../../../../runtime/kv.js';
import type { Runtime } from '../../../../runtime/runtime.js';
import { SegmentFiles } from '../../log/segment-files.js';
import { showUuid, storeSeed, type Superblock } from '../../format/superblock.js';
import { afterPrefix } from '../../format/index-key.js';
import { IndexWalk, type IndexEntry } from '../../index/walk.js';
import type { Index } from '../../index/index.js';
import { isShadowPool } from '../../parked/parked-place.js';
import { openIndex, readSuperblock } from '../../open-store.js';
import { indexDirectory } from '../../mkfs.js';
import { PayloadReader } from '../../read/payload-reader.js';
import { resolveStoreOptions } from '../../store-options.js';
import { showKey } from '../../../../runtime/kv-seal.js';
import { checkLevelDirectory, levelDirectoryBytes } from '../leveldb/check-directory.js';
import { nothingPending } from '../offline-store.js';
import { tolerantKv } from '../tolerant-kv.js';
import { Accounts } from './accounts.js';
import { checkAside } from './check-aside.js';
import { checkObjects, type ObjectCheck } from './check-objects.js';
import { PayloadChecker } from './check-payloads.js';
import { checkParked } from './check-parked.js';
import { checkPgs } from './check-pgs.js';
import {
  checkBatches,
  checkSegmentFiles,
  compareLiveBytes,
  settle,
  type SegmentCheck,
  type Settled,
} from './check-segments.js';
import { checkOwners, checkShared, forEachEntry } from './check-shared.js';
import { findingCodes, Findings, type Finding, type FindingCode } from './finding.js';
import { addDamagedValue, loadForCheck, type LoadedForCheck } from './load-for-check.js';
import { repairStore } from './repair.js';
import { PgPlacement } from './pg-placement.js';
import { Repairs } from './repairs.js';

export interface FsckProgress {
  /** About: of the index twice (its files, its keys), and of payloads and batches when they are read. */
  readonly bytes: number;
  readonly bytesTotal: number;
}

export interface FsckOptions {
  /** Reads and verifies every payload that something points to, and every batch in use. Default false. */
  readonly deep?: boolean;
  readonly repair?: boolean;
  /** `pgNum` by pool, for pools whose copies do not say it: then counts are checked PG by PG. */
  readonly pgNums?: ReadonlyMap<number, number>;
  readonly onProgress?: (progress: FsckProgress) => void;
  readonly onFinding?: (finding: Finding) => void;
}

export interface FsckResult {
  readonly store: string;
  readonly osd: number;
  /** The first 10,000. */
  readonly findings: readonly Finding[];
  readonly counts: ReadonlyMap<FindingCode, number>;
  readonly errors: number;
  readonly warnings: number;
  /** False: what could not be read is not in the figures below. */
  readonly isComplete: boolean;
  readonly checkpoint: number;
  /** The last batch of the log, and how many are behind the checkpoint. */
  readonly lastBatch: number;
  readonly replayedBatches: number;
  readonly objects: number;
  /** Sum of their sizes, holes included. */
  readonly objectBytes: number;
  readonly payloads: number;
  readonly liveBytes: number;
  readonly keys: number;
  readonly keyBytes: number;
  readonly pgs: number;
  /** Objects that are parked: writes that failovers of async pools cut off. */
  readonly parked: number;
  readonly segmentsInUse: number;
  readonly indexFileBytes: number;
  readonly payloadBytesVerified: number;
  readonly batchesVerified: number;
  readonly bytesRead: number;
  readonly repaired: 'no' | 'nothing to do' | 'refused' | 'done';
  /** Why repair was refused, and what it left. */
  readonly repairNotes: readonly string[];
}

/** `NOT_FOUND` without a store, `LOCKED` while a process has it open, `CORRUPT` or `UNSUPPORTED` for its superblock. */
export async function fsck(runtime: Runtime, directory: string, options: FsckOptions = {}): Promise<FsckResult> {
  const superblock = await readSuperblock(runtime, directory);
  const run = new Fsck(runtime, directory, superblock, options);
  return await run.run();
}

class Fsck {
  readonly #runtime: Runtime;
  readonly #directory: string;
  readonly #superblock: Superblock;
  readonly #options: FsckOptions;
  readonly #findings: Findings;
  readonly #accounts: Accounts;
  readonly #repairs = new Repairs();
  #bytes = 0;
  #bytesTotal = 0;
  #indexFileBytes = 0;
  #batches = 0;
  #parked = 0;
  #bytesVerified = 0;
  /** Once the log was replayed. */
  #index: Index | undefined;

  constructor(runtime: Runtime, directory: string, superblock: Superblock, options: FsckOptions) {
    this.#runtime = runtime;
    this.#directory = directory;
    this.#superblock = superblock;
    this.#options = options;
    this.#findings = new Findings(options.onFinding);
    this.#accounts = new Accounts(superblock.segments);
  }

  async run(): Promise<FsckResult> {
    await this.#checkIndexFiles();
    const kv = await this.#open();
    if (kv === undefined) return this.#result(undefined, 'refused', []);
    const files = new SegmentFiles(this.#runtime, this.#directory, this.#superblock);
    try {
      return await this.#check(kv, files);
    } finally {
      await files.close();
      await kv.close();
    }
  }

  async #checkIndexFiles(): Promise<void> {
    const path = `${this.#directory}/${indexDirectory}`;
    this.#bytesTotal = 2 * (await levelDirectoryBytes(this.#runtime.disk, path));
    const checked = await checkLevelDirectory(this.#runtime.disk, path, { onBytes: (bytes) => this.#progress(bytes) });
    for (const { file, message, isTail } of checked?.problems ?? []) {
      const name = `${path}/${file}`;
      this.#findings.add(isTail ? 'index-file-tail' : 'index-file', `${name}: ${message}`, { file: name });
    }
    this.#indexFileBytes = checked?.bytes ?? 0;
  }

  /** `undefined`, and a finding, when there is no index that opens. */
  async #open(): Promise<Kv | undefined> {
    try {
      const kv = await openIndex(this.#runtime, this.#directory, resolveStoreOptions({}));
      return tolerantKv(kv, (key, error) => this.#onDamaged(key, error));
    } catch (error) {
      if (!isCairnError(error) || error.code === 'LOCKED' || error.code === 'PERMISSION_DENIED') throw error;
      this.#findings.add('index-missing', error.message);
      return undefined;
    }
  }

  async #check(kv: Kv, files: SegmentFiles): Promise<FsckResult> {
    const loaded = await loadForCheck(kv, this.#superblock, files, this.#findings, this.#repairs);
    if (loaded === undefined) return this.#result(undefined, 'refused', []);
    const { state, position } = loaded;
    this.#index = state.index;
    const { deep = false } = this.#options;
    if (deep) this.#bytesTotal += state.segments.liveBytes + this.#usedBytes(loaded);
    const segmentCheck: SegmentCheck = {
      runtime: this.#runtime,
      superblock: this.#superblock,
      files,
      state,
      position,
      findings: this.#findings,
    };
    await checkSegmentFiles(segmentCheck);
    const reader = new PayloadReader(files, nothingPending, storeSeed(this.#superblock));
    const payloads = new PayloadChecker(state.segments, this.#superblock.segmentBytes, this.#accounts, this.#findings, {
      reader: deep ? reader : undefined,
      onBytes: (bytes) => this.#progress(bytes),
    });
    const check: ObjectCheck = {
      index: state.index,
      accounts: this.#accounts,
      payloads,
      findings: this.#findings,
      repairs: this.#repairs,
      onKey: (entry) => this.#onKey(entry),
    };
    const placement = await PgPlacement.of(state.index, state.pgs, this.#options.pgNums ?? new Map());
    this.#accounts.placeBy(placement);
    await checkObjects(check);
    await checkAside(check);
    await checkShared(check, state.counters.nextShared);
    const settled = await settle(state, this.#findings);
    await checkOwners(check, settled.droppedOwners);
    await checkPgs(check, state.pgs, placement);
    this.#parked = await checkParked(check, new Set(state.pgs.all().map(({ pg }) => pg.pool)));
    await this.#checkUnknown(state.index);
    compareLiveBytes(this.#accounts, settled, this.#findings);
    if (deep) this.#batches = await checkBatches(segmentCheck, (bytes) => this.#progress(bytes));
    this.#bytesVerified = payloads.bytesVerified;
    const [repaired, notes] = await this.#repair(loaded, files, settled);
    return this.#result(loaded, repaired, notes);
  }

  /** What the log removed since goes with the next checkpoint: nothing that is there depends on it. */
  #onDamaged(key: string, error: CairnError): void {
    if (this.#index?.active.get(key) === undefined) addDamagedValue(this.#findings, error, key);
    else this.#findings.add('index-value-removed', error.message, { key: showKey(key) });
  }

  /** Keys in none of the key spaces that were walked. */
  async #checkUnknown(index: Index): Promise<void> {
    const known = ['C', 'c', 'd', 'e', 'g', 'l', 'm', 'o', 'p', 'q', 'r', 's', 'u', 'w'];
    const edges = ['\0', ...known.flatMap((space) => [space, afterPrefix(space)]), '\xff'.repeat(64)];
    for (let i = 0; i < edges.length; i += 2) {
      await this.#checkGap(index, edges[i] ?? '', edges[i + 1] ?? '');
    }
    // `C` is one key, and no prefix; the others were read when the state was loaded.
    for (const space of ['C', 'c', 'g', 'q']) await this.#countKeys(index, space);
    await this.#checkGap(index, 'C\0', 'D');
  }

  async #countKeys(index: Index, space: string): Promise<void> {
    const check = { index, findings: this.#findings, onKey: (entry: IndexEntry) => this.#onKey(entry) };
    await forEachEntry(check, space, async () => undefined);
  }

  async #checkGap(index: Index, gte: string, lt: string): Promise<void> {
    if (gte >= lt) return;
    const walk = new IndexWalk(index, { gte, lt });
    try {
      for (let page = await walk.next(256); page.length > 0; page = await walk.next(256)) {
        for (const entry of page) {
          this.#onKey(entry);
          this.#findings.add('index-unknown-key', 'a key of no key space that this version knows', {
            key: showKey(entry.key),
          });
        }
      }
    } finally {
      await walk.close();
    }
  }

  async #repair(
    loaded: LoadedForCheck,
    files: SegmentFiles,
    settled: Settled,
  ): Promise<[FsckResult['repaired'], string[]]> {
    if (this.#options.repair !== true) return ['no', []];
    const repairable = [...this.#findings.counts.keys()].filter((code) => findingCodes[code].repair !== undefined);
    const unmended = [...this.#findings.counts.keys()].filter((code) => findingCodes[code].repair === undefined);
    const notes = unmended.map(
      (code) => `${code}: cannot be mended here; rebuild this OSD from its peers, or salvage it`,
    );
    if (repairable.length === 0 && this.#repairs.nextShared === undefined) return ['nothing to do', notes];
    // What cannot be read may own what looks like nobody's.
    const blind: FindingCode[] = [
      'index-value',
      'index-malformed',
      'index-file',
      'checkpoint',
      'checkpoint-marker',
      'log-corrupt',
    ];
    if (this.#findings.has(...blind)) {
      const why = blind.filter((code) => this.#findings.has(code)).join(', ');
      return ['refused', [`nothing was changed, as parts of the index are not known (${why})`, ...notes]];
    }
    const { state, checkpoint, position, lastBatch } = loaded;
    const accounts = this.#accounts;
    await repairStore(this.#runtime, {
      state,
      files,
      checkpoint,
      position,
      lastBatch,
      settled: settled.live,
      accounts,
      repairs: this.#repairs,
    });
    if (this.#repairs.left > 0) notes.unshift(`${this.#repairs.left} repairs are left: run it again`);
    return ['done', notes];
  }

  #usedBytes({ state }: LoadedForCheck): number {
    let used = 0;
    for (let segment = 0; segment < state.segments.count; segment++) used += state.segments.info(segment).usedBytes;
    return used;
  }

  #onKey({ key, value }: IndexEntry): void {
    this.#accounts.keys += 1;
    this.#accounts.keyBytes += key.length + value.byteLength;
    this.#progress(key.length + value.byteLength);
  }

  #progress(bytes: number): void {
    this.#bytes += bytes;
    const { onProgress } = this.#options;
    // The total is an estimate, and must not look like one that was passed.
    onProgress?.({ bytes: Math.min(this.#bytes, this.#bytesTotal), bytesTotal: this.#bytesTotal });
  }

  #result(loaded: LoadedForCheck | undefined, repaired: FsckResult['repaired'], notes: readonly string[]): FsckResult {
    const { list, counts } = this.#findings;
    const total = (severity: Finding['severity']): number => {
      let sum = 0;
      for (const [code, count] of counts) if (findingCodes[code].severity === severity) sum += count;
      return sum;
    };
    const wanted = this.#options.repair === true;
    return {
      store: showUuid(this.#superblock.uuid),
      osd: this.#superblock.osd,
      findings: list,
      counts,
      errors: total('error'),
      warnings: total('warning'),
      isComplete: loaded?.isComplete ?? false,
      checkpoint: loaded?.checkpoint.number ?? 0,
      lastBatch: loaded?.position.number ?? 0,
      replayedBatches: loaded?.batches ?? 0,
      objects: this.#accounts.objects,
      objectBytes: this.#accounts.objectBytes,
      payloads: this.#accounts.payloads,
      liveBytes: this.#accounts.liveBytes,
      keys: this.#accounts.keys,
      keyBytes: this.#accounts.keyBytes,
      pgs: loaded?.state.pgs.all().filter(({ pg }) => !isShadowPool(pg.pool)).length ?? 0,
      parked: this.#parked,
      segmentsInUse: loaded === undefined ? 0 : inUse(loaded),
      indexFileBytes: this.#indexFileBytes,
      payloadBytesVerified: this.#bytesVerified,
      batchesVerified: this.#batches,
      bytesRead: this.#bytes,
      repaired: wanted ? repaired : 'no',
      repairNotes: notes,
    };
  }
}

function inUse({ state, position }: LoadedForCheck): number {
  let count = 0;
  for (let segment = 0; segment < state.segments.count; segment++) {
    if (state.segments.state(segment) !== 'unused' && !state.segments.isRecyclable(segment, position.number))
      count += 1;
  }
  return count;
}
