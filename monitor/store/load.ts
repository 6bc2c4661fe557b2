/** Reads a whole store and believes nothing: everything that must be there is, and says what it should. */
import { isCairnError } from '../../base/errors.js';
import { Xxh64Stream, xxh64 } from '../../base/xxh64.js';
import type { Kv, KvEntry } from '../../runtime/kv.js';
import { checksumText } from '../raft/codec/membership-codec.js';
import type { LogEntry } from '../raft/types.js';
import { decodeChunk } from './chunk.js';
import {
  decodeHead,
  decodeRecord,
  decodeStoredEntry,
  type BatchRecord,
  type Head,
  type StoredSnapshot,
} from './head.js';
import { batchRecordsKept, headKey, parseKey, rangeOf } from './keys.js';
import { LogChain } from './log-chain.js';
import { storeRot } from './rot.js';

export interface Loaded {
  readonly head: Head;
  /** The record of the head's batch. */
  readonly record: BatchRecord;
  readonly recordBytes: Uint8Array;
  readonly chain: LogChain;
  readonly entries: readonly LogEntry[];
  /** Entries that the snapshot covers are still there. */
  readonly hasEntriesLeft: boolean;
  /** Chunks that belong to nothing: snapshots cut short, or replaced. */
  readonly generationsLeft: readonly number[];
  /** Higher than any in use. */
  readonly nextGeneration: number;
}

const entriesPerRead = 1_000;
/** Chunks are up to a few MiB each. */
const chunksPerRead = 4;

/** Throws `CORRUPT` with what was found. */
export async function loadStore(kv: Kv, directory: string): Promise<Loaded> {
  try {
    return await new Loader(kv, directory).load();
  } catch (error) {
    if (isCairnError(error, 'CORRUPT') && error.details['directory'] === undefined) {
      throw storeRot(directory, error.message, error);
    }
    throw error;
  }
}

/** Whether the store was made to the end and used: else nothing in it was ever promised to anybody. */
export async function wasUsed(kv: Kv): Promise<boolean> {
  const records = kv.iterate({ ...rangeOf('b'), reverse: true });
  try {
    const last = (await records.next(1))[0];
    return last !== undefined && !decodeRecord(last.value).isCreation;
  } finally {
    await records.close();
  }
}

class Loader {
  readonly #kv: Kv;
  readonly #directory: string;

  constructor(kv: Kv, directory: string) {
    this.#kv = kv;
    this.#directory = directory;
  }

  async load(): Promise<Loaded> {
    const bytes = await this.#kv.get(headKey);
    if (bytes === undefined) throw this.#rot('its head is missing');
    const head = decodeHead(bytes);
    const { record, recordBytes } = await this.#loadRecords(head.batch);
    if (record.content !== xxh64(bytes)) throw this.#rot(`its head is not the one that batch ${head.batch} wrote`);
    const log = await this.#loadLog(head);
    const chunks = await this.#loadChunks(head);
    await this.#checkOthers();
    return { head, record, recordBytes, ...log, ...chunks };
  }

  /** The last ones, without a gap, each naming the one before, none newer than the head. */
  async #loadRecords(newest: number): Promise<{ record: BatchRecord; recordBytes: Uint8Array }> {
    const first = Math.max(1, newest - batchRecordsKept + 1);
    let batch = first;
    let record: BatchRecord | undefined;
    let recordBytes: Uint8Array | undefined;
    await this.#walk(rangeOf('b'), entriesPerRead, (entry) => {
      const key = parseKey(entry.key);
      if (key?.kind !== 'batch') throw this.#unknown(entry);
      if (key.batch < first) return;
      if (key.batch !== batch) throw this.#rot(`the record of batch ${batch} is missing`);
      if (batch > newest) throw this.#rot(`batch ${batch} is newer than its head, which is of batch ${newest}`);
      record = decodeRecord(entry.value);
      if (record.batch !== batch) throw this.#rot(`batch ${batch} has the record of batch ${record.batch}`);
      if (recordBytes !== undefined && record.previous !== xxh64(recordBytes)) {
        throw this.#rot(`the record of batch ${batch} does not follow the one before`);
      }
      recordBytes = entry.value;
      batch += 1;
    });
    if (batch !== newest + 1 || record === undefined || recordBytes === undefined) {
      throw this.#rot(`the record of batch ${batch} is missing`);
    }
    return { record, recordBytes };
  }

  /** Every entry from behind the snapshot to the head's last, chained; none after it. */
  async #loadLog(head: Head): Promise<Pick<Loaded, 'chain' | 'entries' | 'hasEntriesLeft'>> {
    const { meta } = head.snapshot;
    const chain = new LogChain(meta.index, head.baseChain);
    const entries: LogEntry[] = [];
    let hasEntriesLeft = false;
    let term = meta.term;
    await this.#walk(rangeOf('e'), entriesPerRead, (item) => {
      const key = parseKey(item.key);
      if (key?.kind !== 'entry') throw this.#unknown(item);
      if (key.index <= meta.index) {
        hasEntriesLeft = true;
        return;
      }
      const next = chain.last + 1;
      if (next > head.last) throw this.#rot(`entry ${key.index} is behind the log's end, ${head.last}`);
      if (key.index !== next) throw this.#rot(`entry ${next} of the log is missing`);
      const { entry, previousChain, chain: own } = decodeStoredEntry(item.value);
      if (entry.index !== next) throw this.#rot(`entry ${next} holds entry ${entry.index}`);
      if (previousChain !== chain.lastChain) throw this.#rot(`entry ${next} does not follow the one before`);
      if (entry.term < term) throw this.#rot(`entry ${next} is of term ${entry.term}, after one of term ${term}`);
      term = entry.term;
      chain.append(own);
      entries.push(entry);
    });
    if (chain.last !== head.last) throw this.#rot(`entry ${chain.last + 1} of the log is missing`);
    if (chain.lastChain !== head.lastChain) throw this.#rot(`entry ${head.last} is not the one that was last written`);
    if (head.commit > head.last) throw this.#rot(`entry ${head.commit} is committed, and missing`);
    if (term > head.hardState.term) throw this.#rot(`its term is ${head.hardState.term}, that of its log ${term}`);
    return { chain, entries, hasEntriesLeft };
  }

  /** The snapshot in force is whole; of one being received, what the head says is there. */
  async #loadChunks(head: Head): Promise<Pick<Loaded, 'generationsLeft' | 'nextGeneration'>> {
    const { snapshot, partial } = head;
    const content = new Xxh64Stream();
    const counts = new Map<number, number>([[snapshot.generation, 0]]);
    let bytes = 0;
    await this.#walk(rangeOf('s'), chunksPerRead, (item) => {
      const key = parseKey(item.key);
      if (key?.kind !== 'chunk') throw this.#unknown(item);
      const count = counts.get(key.generation) ?? 0;
      counts.set(key.generation, count + 1);
      if (key.generation !== snapshot.generation && key.generation !== partial?.generation) return;
      if (key.chunk !== count) throw this.#missingChunk(snapshot, count);
      if (key.generation !== snapshot.generation) return;
      const data = decodeChunk(item.value);
      content.update(data);
      bytes += data.byteLength;
    });
    const count = counts.get(snapshot.generation) ?? 0;
    if (count !== snapshot.meta.chunks) throw this.#missingChunk(snapshot, count);
    if (bytes !== snapshot.meta.bytes || checksumText(content.digest()) !== snapshot.meta.checksum) {
      throw this.#rot(`the snapshot of entry ${snapshot.meta.index} does not match its checksum`);
    }
    if (partial !== undefined && (counts.get(partial.generation) ?? 0) < partial.chunks) {
      throw this.#missingChunk(partial, counts.get(partial.generation) ?? 0);
    }
    const generations = [...counts.keys()];
    return {
      generationsLeft: generations.filter((generation) => generation !== snapshot.generation),
      nextGeneration: Math.max(...generations, partial?.generation ?? 0) + 1,
    };
  }

  /** Nothing else is in the store. */
  async #checkOthers(): Promise<void> {
    let after: string | undefined;
    for (const { gte, lt } of [rangeOf('b'), rangeOf('e'), { gte: headKey, lt: `${headKey}\0` }, rangeOf('s')]) {
      await this.#walk({ gte: after, lt: gte }, 1, (item) => {
        throw this.#unknown(item);
      });
      after = lt;
    }
    await this.#walk({ gte: after, lt: undefined }, 1, (item) => {
      throw this.#unknown(item);
    });
  }

  async #walk(
    range: { readonly gte: string | undefined; readonly lt: string | undefined },
    entriesPerCall: number,
    visit: (entry: KvEntry) => void,
  ): Promise<void> {
    const iterator = this.#kv.iterate(range);
    try {
      for (;;) {
        const entries = await iterator.next(entriesPerCall);
        if (entries.length === 0) return;
        for (const entry of entries) visit(entry);
      }
    } finally {
      await iterator.close();
    }
  }

  #missingChunk({ meta }: StoredSnapshot, chunk: number): Error {
    return this.#rot(`chunk ${chunk} of the snapshot of entry ${meta.index} is missing`);
  }

  #unknown(entry: KvEntry): Error {
    return this.#rot(`it holds a key of ${entry.key.length} bytes that no store has`);
  }

  #rot(found: string): Error {
    return storeRot(this.#directory, found);
  }
}
