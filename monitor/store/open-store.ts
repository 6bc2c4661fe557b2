import { CairnError, isCairnError } from '../../base/errors.js';
import type { Kv } from '../../runtime/kv.js';
import type { Runtime } from '../../runtime/runtime.js';
import type { HardState, MemberId } from '../raft/types.js';
import { BatchWitness } from './batch-witness.js';
import { kvDirectoryName } from './create-store.js';
import { checkIdentity, type StoreIdentity } from './identity.js';
import { loadStore, wasUsed, type Loaded } from './load.js';
import { storeRot } from './rot.js';
import { readVoteFile, VoteFile, type VoteSlots } from './vote-file.js';

export interface OpenStoreOptions {
  readonly directory: string;
  /** Whose store it has to be. Default: whoever's it is. */
  readonly expected?: { readonly fsid?: string | undefined; readonly member?: MemberId | undefined } | undefined;
  /** Of snapshots taken from now on. Default 256 KiB. */
  readonly chunkBytes?: number | undefined;
}

export interface OpenedStore {
  readonly directory: string;
  readonly kv: Kv;
  readonly voteFile: VoteFile;
  readonly witness: BatchWitness;
  readonly loaded: Loaded;
  /** The newer of the file's and the database's. */
  readonly hardState: HardState;
  /** It is the file's, and may be in the file's memory only: a write that failed can be read until a crash. */
  readonly isNew: boolean;
  readonly chunkBytes: number | undefined;
}

/** See `RaftStore.open`. */
export async function openStore(runtime: Runtime, options: OpenStoreOptions): Promise<OpenedStore> {
  const { directory, expected = {}, chunkBytes } = options;
  // The database's lock guards the file too. Read before it, the file could be older than what a process that is just
  // ending still writes to both: a healthy store would be taken for a damaged one.
  const kv = await openKv(runtime, directory);
  try {
    const slots = await readVoteFile(runtime, directory);
    if (slots === undefined) throw await withoutVoteFile(kv, directory);
    checkIdentity(directory, slots.newest.identity, expected);
    const loaded = await loadStore(kv, directory);
    // Both are valid by themselves: files of two members were mixed.
    checkIdentity(directory, loaded.head.identity, slots.newest.identity);
    const hardState = newestHardState(directory, slots, loaded);
    const witness = await openWitness(runtime, directory, loaded);
    const voteFile = await VoteFile.open(runtime, directory, slots.newest);
    const isNew = hardState !== loaded.head.hardState;
    return { directory, kv, voteFile, witness, loaded, hardState, isNew, chunkBytes };
  } catch (error) {
    await kv.close();
    throw error;
  }
}

async function openKv(runtime: Runtime, directory: string): Promise<Kv> {
  try {
    return await runtime.kv.open(`${directory}/${kvDirectoryName}`, { createIfMissing: false });
  } catch (error) {
    if (isCairnError(error, 'NOT_FOUND')) {
      if ((await readVoteFile(runtime, directory)) === undefined) throw notCreated(directory);
      throw storeRot(directory, `its database is missing`, error);
    }
    if (isCairnError(error, 'CORRUPT')) throw storeRot(directory, error.message, error);
    throw error;
  }
}

async function withoutVoteFile(kv: Kv, directory: string): Promise<CairnError> {
  return (await wasUsed(kv)) ? storeRot(directory, 'its vote file is missing') : notCreated(directory);
}

function notCreated(directory: string): CairnError {
  return new CairnError(
    'NOT_FOUND',
    `${directory} holds no Raft store, or one that was not made to the end; create it`,
  );
}

/** Batches that the witness file knows of are there. It may be missing, old or torn: then it knows of none. */
async function openWitness(runtime: Runtime, directory: string, { head }: Loaded): Promise<BatchWitness> {
  const witness = await BatchWitness.open(runtime, directory);
  const { found } = witness;
  if (found === undefined || found.batch <= head.batch || !isOf(head.identity, found.identity)) return witness;
  await witness.close();
  throw storeRot(
    directory,
    `its database ends with batch ${head.batch}, its witness file knows of batch ${found.batch}`,
  );
}

function isOf(a: StoreIdentity, b: StoreIdentity): boolean {
  return a.fsid === b.fsid && a.member === b.member;
}

/** The cases are explained at the head of `vote-file.ts`. */
function newestHardState(directory: string, slots: VoteSlots, loaded: Loaded): HardState {
  const { head } = loaded;
  const { newest, isWhole } = slots;
  const order = compareHardStates(newest.hardState, head.hardState);
  if (order === undefined) throw storeRot(directory, `it holds two votes of term ${newest.hardState.term}`);
  if (head.batch < newest.batch - 1) {
    throw storeRot(
      directory,
      `its database ends with batch ${head.batch}, its vote file knows of batch ${newest.batch}`,
    );
  }
  if (head.batch === newest.batch - 1) {
    if (order > 0) return newest.hardState;
    throw storeRot(
      directory,
      `its database ends with batch ${head.batch}, its vote file knows of batch ${newest.batch}`,
    );
  }
  if (order > 0) throw storeRot(directory, `batch ${newest.batch} of its database lacks the vote in its vote file`);
  if (order < 0 && isWhole) throw storeRot(directory, `its vote file is older than its database`);
  return head.hardState;
}

/** Positive when `a` is newer: a later term, or a vote where there was none; `undefined` for two votes in one term. */
function compareHardStates(a: HardState, b: HardState): number | undefined {
  if (a.term !== b.term) return a.term - b.term;
  if (a.vote === b.vote) return 0;
  if (b.vote === undefined) return 1;
  return a.vote === undefined ? -1 : undefined;
}
