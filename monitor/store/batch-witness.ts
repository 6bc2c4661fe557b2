/**
 * How far the database had come, written down beside it: LevelDB drops what it cannot read at the end of its log, without
 * a word, and the store would open as it was some batches ago, less entries that were acknowledged. The vote file witnesses
 * the batches up to the last opening, vote, snapshot or orderly close, durably; this file those since then, for nothing:
 *
 *     batch 70 is synced ──► acknowledged ──► turn ends ──► "70" is written, not synced
 *
 * What becomes of it:
 *
 *     the process is killed       the write is in the kernel: it survives, and says what LevelDB must still have, but for
 *                                 batches of the last moment (the rest of a turn, the write under way)
 *     the machine loses power     the write may be lost or torn, and says less or nothing: then nobody is asked
 *
 * It never says too much: it is written only once the batch's own sync has returned, so even where it survives a power loss,
 * what it names is durable too. A database that ends before it has lost what it had: rot.
 *
 * No acknowledgement waits for it. One write at most is under way, and the next one has the latest number.
 */
import type { DiskFile } from '../../runtime/disk.js';
import type { Timer } from '../../runtime/clock.js';
import type { Runtime } from '../../runtime/runtime.js';
import { readIdentity, writeIdentity, type StoreIdentity } from './identity.js';
import { openSector, sealSector, sectorBytes, type SectorFormat } from './sealed-sector.js';

export const witnessFileName = 'witness';

export interface WitnessSlot {
  readonly identity: StoreIdentity;
  /** The database had this batch, and all before it, on its disk. */
  readonly batch: number;
}

const format: SectorFormat = { magic: 'CRNWTNS\0', version: 1, what: 'the witness file' };

export function encodeWitness({ identity, batch }: WitnessSlot): Uint8Array {
  return sealSector(format, (writer) => {
    writeIdentity(writer, identity);
    writer.uint53(batch);
  });
}

/** `undefined` when it is damaged. Throws `UNSUPPORTED` when another version of Cairn wrote it. */
export function decodeWitness(bytes: Uint8Array): WitnessSlot | undefined {
  const reader = openSector(format, bytes);
  return reader === undefined ? undefined : { identity: readIdentity(reader), batch: reader.uint53() };
}

export class BatchWitness {
  /** What the file said when it was opened; `undefined`: nothing. */
  readonly found: WitnessSlot | undefined;
  readonly #runtime: Pick<Runtime, 'clock' | 'log'>;
  readonly #file: DiskFile;
  #noted: WitnessSlot | undefined;
  #due: Timer | undefined;
  #writing: Promise<void> | undefined;
  #hasFailed = false;
  #isClosed = false;

  private constructor(runtime: Pick<Runtime, 'clock' | 'log'>, file: DiskFile, found: WitnessSlot | undefined) {
    this.#runtime = runtime;
    this.#file = file;
    this.found = found;
  }

  /** Makes the file if there is none. Nothing of this is durable. */
  static async open(runtime: Pick<Runtime, 'clock' | 'disk' | 'log'>, directory: string): Promise<BatchWitness> {
    const file = await runtime.disk.open(`${directory}/${witnessFileName}`, { mode: 'create' });
    try {
      const bytes = new Uint8Array(sectorBytes);
      const count = await file.read(bytes, 0);
      return new BatchWitness(runtime, file, decodeWitness(bytes.subarray(0, count)));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** That batch is durable. Written after this turn of the event loop: whoever is told of the batch is told first. */
  note(slot: WitnessSlot): void {
    this.#noted = slot;
    if (this.#isClosed || this.#writing !== undefined) return;
    this.#due ??= this.#runtime.clock.nextTurn(() => {
      this.#due = undefined;
      this.#writing = this.#write().finally(() => {
        this.#writing = undefined;
      });
    });
  }

  /** Waits for the write under way; what is noted and not written is given up. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#due?.cancel();
    await this.#writing;
    await this.#file.close();
  }

  async #write(): Promise<void> {
    while (this.#noted !== undefined && !this.#isClosed) {
      const slot = this.#noted;
      this.#noted = undefined;
      try {
        await this.#file.write(encodeWitness(slot), 0);
      } catch (error) {
        // Nothing that was promised depends on it. A disk that fails for good fails the next batch.
        if (!this.#hasFailed) this.#runtime.log.warn({ err: error }, 'the witness of the last batch was not written');
        this.#hasFailed = true;
      }
    }
  }
}
