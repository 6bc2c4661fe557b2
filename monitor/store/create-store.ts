import { CairnError, isCairnError } from '../../base/errors.js';
import { invariant } from '../../base/invariant.js';
import { Xxh64Stream, xxh64 } from '../../base/xxh64.js';
import type { Kv } from '../../runtime/kv.js';
import type { Runtime } from '../../runtime/runtime.js';
import { checksumText } from '../raft/codec/membership-codec.js';
import type { EntryPosition, MemberId, Membership } from '../raft/types.js';
import { encodeChunk } from './chunk.js';
import { chunkBytesDefault, cutChunks } from './cut-chunks.js';
import { chainOfSnapshot, encodeHead, encodeRecord } from './head.js';
import { batchKey, chunkKey, headKey } from './keys.js';
import { wasUsed } from './load.js';
import { createVoteFile, voteFileName } from './vote-file.js';

export interface CreateStoreOptions {
  /** The store's own; made if it does not exist. */
  readonly directory: string;
  readonly fsid: string;
  readonly member: MemberId;
  /**
   * What the member begins with. The founders of a cluster all begin with the same content at index 1 and term 1, so that
   * whoever joins later, from index 0 with nothing, is sent that content as a snapshot instead of doing without it.
   */
  readonly snapshot: EntryPosition & { readonly membership: Membership; readonly pieces: AsyncIterable<Uint8Array> };
  /** Default 256 KiB. */
  readonly chunkBytes?: number | undefined;
}

/** Where the key-value store is, in the store's directory. */
export const kvDirectoryName = 'raft';

const generation = 1;

/**
 * The vote file comes last. So, without it, the store was not made to the end, unless it has been used: then the file was
 * lost.
 */
export async function createStore(runtime: Runtime, options: CreateStoreOptions): Promise<void> {
  const { directory } = options;
  if (await exists(runtime, `${directory}/${voteFileName}`)) throw alreadyThere(directory);
  await removeUnfinished(runtime, directory);
  // Makes the directories above durable as well.
  const kv = await runtime.kv.open(`${directory}/${kvDirectoryName}`);
  try {
    await writeFirstBatch(kv, options);
  } finally {
    await kv.close();
  }
  const { fsid, member, snapshot } = options;
  const hardState = { term: snapshot.term, vote: undefined };
  await createVoteFile(runtime, directory, { identity: { fsid, member }, hardState, batch: 1 });
}

async function writeFirstBatch(kv: Kv, options: CreateStoreOptions): Promise<void> {
  const { fsid, member, snapshot } = options;
  const { index, term, membership, pieces } = snapshot;
  const content = new Xxh64Stream();
  let chunks = 0;
  let bytes = 0;
  for await (const chunk of cutChunks(pieces, options.chunkBytes ?? chunkBytesDefault)) {
    content.update(chunk);
    await kv.batch([{ type: 'put', key: chunkKey(generation, chunks), value: encodeChunk(chunk) }], { sync: true });
    chunks += 1;
    bytes += chunk.byteLength;
  }
  invariant(index > 0 || bytes === 0, 'a member that begins before the log begins with nothing', { bytes });
  const meta = { index, term, membership, bytes, chunks, checksum: checksumText(content.digest()) };
  const identity = { fsid, member };
  const chain = chainOfSnapshot(identity, meta);
  const head = encodeHead({
    identity,
    batch: 1,
    hardState: { term, vote: undefined },
    snapshot: { generation, meta },
    partial: undefined,
    last: index,
    commit: index,
    baseChain: chain,
    lastChain: chain,
  });
  const record = encodeRecord({ batch: 1, isCreation: true, content: xxh64(head), previous: 0n });
  const operations = [
    { type: 'put', key: headKey, value: head },
    { type: 'put', key: batchKey(1), value: record },
  ] as const;
  await kv.batch(operations, { sync: true });
}

async function removeUnfinished(runtime: Runtime, directory: string): Promise<void> {
  const path = `${directory}/${kvDirectoryName}`;
  if (!(await exists(runtime, path))) return;
  let kv;
  try {
    kv = await runtime.kv.open(path, { createIfMissing: false });
  } catch (error) {
    // A directory without a database in it.
    if (!isCairnError(error, 'NOT_FOUND')) throw error;
  }
  if (kv !== undefined) {
    try {
      if (await wasUsed(kv)) throw alreadyThere(directory);
    } finally {
      await kv.close();
    }
  }
  await runtime.disk.removeTree(path);
  await runtime.disk.syncDirectory(directory);
}

async function exists(runtime: Runtime, path: string): Promise<boolean> {
  try {
    await runtime.disk.stat(path);
    return true;
  } catch (error) {
    if (isCairnError(error, 'NOT_FOUND')) return false;
    throw error;
  }
}

function alreadyThere(directory: string): CairnError {
  const sentence = `${directory} holds a Raft store already; start the monitor as it is, or remove the directory first`;
  return new CairnError('EXISTS', sentence);
}
