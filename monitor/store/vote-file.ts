/**
 * A second place for term and vote, beside the key-value store. LevelDB drops what it cannot read at the end of its log,
 * without a word: the store would open as it was a few batches ago, a vote less, and the member might vote twice in one
 * term. The file is the witness: it also says which batch holds the same term and vote, and so how many batches there
 * must be at least.
 *
 *     slot 0 at 0, slot 1 at 4096, 512 bytes each: written alternately, durably, so that a tear hits only the one written
 *
 * A new term or vote is written to the file before the batch that holds the same, and neither is acted on before both are
 * durable. At each opening, snapshot and orderly close the file is renewed after the batch, to witness the batches up to
 * then. So, with slot `s` the newest valid one and `kv` the last batch that the key-value store has:
 *
 *     kv.batch <  s.batch - 1   the key-value store lost batches: rot
 *     kv.batch == s.batch - 1   if the slot has a newer term or vote, the crash came in between, and they hold: nobody was
 *                               told, but a term may always grow, and a vote that was not cast may be cast. Else: rot
 *     kv.batch >= s.batch       the key-value store has the same, or newer if the slot of the newer is the damaged one
 *
 * What this does not show is the loss of entries at the end of LevelDB's log that came after the file was last written, or
 * with the vote that is in it: batch-witness.ts does.
 */
import { isCairnError } from '../../base/errors.js';
import type { DiskFile } from '../../runtime/disk.js';
import type { Runtime } from '../../runtime/runtime.js';
import { readWholeFile, writeFileDurably } from '../../runtime/whole-file.js';
import type { HardState } from '../raft/types.js';
import { readHardState } from './head.js';
import { readIdentity, writeIdentity, type StoreIdentity } from './identity.js';
import { storeRot } from './rot.js';
import { openSector, sealSector, sectorBytes, type SectorFormat } from './sealed-sector.js';

export const voteFileName = 'vote';

export interface VoteSlot {
  readonly identity: StoreIdentity;
  /** 1, 2, 3…: the newer one counts. */
  readonly number: number;
  readonly hardState: HardState;
  /** The batch that holds the same term and vote. */
  readonly batch: number;
}

export interface VoteSlots {
  readonly newest: VoteSlot;
  /** Whether the other slot is valid as well. */
  readonly isWhole: boolean;
}

/** Apart by the largest physical sector in use. */
const slotDistance = 4096;
const fileBytes = 2 * slotDistance;
const format: SectorFormat = { magic: 'CRNVOTE\0', version: 1, what: 'the vote file' };

export function encodeSlot(slot: VoteSlot): Uint8Array {
  return sealSector(format, (writer) => {
    writer.uint53(slot.number);
    writeIdentity(writer, slot.identity);
    writer
      .uint53(slot.hardState.term)
      .uint32(slot.hardState.vote ?? 0)
      .uint53(slot.batch);
  });
}

/** `undefined` when it is damaged. Throws `UNSUPPORTED` when another version of Cairn wrote it. */
export function decodeSlot(bytes: Uint8Array): VoteSlot | undefined {
  const reader = openSector(format, bytes);
  if (reader === undefined) return undefined;
  const number = reader.uint53();
  const identity = readIdentity(reader);
  return { identity, number, hardState: readHardState(reader), batch: reader.uint53() };
}

/** Makes the file, durably. */
export async function createVoteFile(
  runtime: Pick<Runtime, 'disk'>,
  directory: string,
  slot: Omit<VoteSlot, 'number'>,
): Promise<void> {
  const bytes = new Uint8Array(fileBytes);
  bytes.set(encodeSlot({ ...slot, number: 2 }), 0);
  bytes.set(encodeSlot({ ...slot, number: 1 }), slotDistance);
  await writeFileDurably(runtime.disk, directory, voteFileName, bytes);
}

/** `undefined` when there is no such file; `CORRUPT` when neither slot is valid. */
export async function readVoteFile(runtime: Pick<Runtime, 'disk'>, directory: string): Promise<VoteSlots | undefined> {
  let bytes;
  try {
    bytes = await readWholeFile(runtime.disk, `${directory}/${voteFileName}`, fileBytes);
  } catch (error) {
    if (isCairnError(error, 'NOT_FOUND')) return undefined;
    if (isCairnError(error, 'INVALID_ARGUMENT')) throw storeRot(directory, error.message, error);
    throw error;
  }
  const [even, odd] = [0, slotDistance].map((at) => decodeSlot(bytes.subarray(at, at + sectorBytes)));
  const newest = even !== undefined && (odd === undefined || even.number > odd.number) ? even : odd;
  if (newest === undefined) throw storeRot(directory, 'both halves of its vote file are unreadable');
  // Their numbers need not follow: a half whose write failed can be read, from memory, until the machine loses its power.
  if ((even?.number ?? 0) % 2 !== 0 || (odd?.number ?? 1) % 2 !== 1) {
    throw storeRot(directory, 'the halves of its vote file have changed places');
  }
  const isWhole = even !== undefined && odd !== undefined;
  return { newest, isWhole };
}

/** The open file. One write at a time; after a failed one every later one fails. */
export class VoteFile {
  readonly #file: DiskFile;
  #number: number;

  private constructor(file: DiskFile, number: number) {
    this.#file = file;
    this.#number = number;
  }

  static async open(runtime: Pick<Runtime, 'disk'>, directory: string, newest: VoteSlot): Promise<VoteFile> {
    const path = `${directory}/${voteFileName}`;
    return new VoteFile(await runtime.disk.open(path, { mode: 'write', durableWrites: true }), newest.number);
  }

  /** Durable when it resolves. Overwrites the older slot. */
  async write(slot: Omit<VoteSlot, 'number'>): Promise<void> {
    const number = this.#number + 1;
    await this.#file.write(encodeSlot({ ...slot, number }), positionOf(number));
    this.#number = number;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

function positionOf(number: number): number {
  return number % 2 === 0 ? 0 : slotDistance;
}
