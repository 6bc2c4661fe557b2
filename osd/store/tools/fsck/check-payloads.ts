/** Payloads that the index points to: they lie where their segment can have them, and, `deep`, their bytes verify. */
import { isCairnError } from '../../../../base/errors.js';
import { blockCount, storedBytes, type PayloadRef } from '../../format/payload-ref.js';
import { pageBytes } from '../../limits.js';
import type { PayloadReader } from '../../read/payload-reader.js';
import type { SegmentTable } from '../../segments/segment-table.js';
import type { Accounts } from './accounts.js';
import type { FindingPlace, Findings } from './finding.js';

/** A read of a payload, at most: a block of the largest size fits. */
const readBytesMax = 1024 * 1024;

export interface PayloadCheckOptions {
  /** Given: bytes are read and verified. */
  readonly reader: PayloadReader | undefined;
  readonly onBytes: (bytes: number) => void;
}

export class PayloadChecker {
  readonly #segments: SegmentTable;
  readonly #segmentBytes: number;
  readonly #accounts: Accounts;
  readonly #findings: Findings;
  readonly #options: PayloadCheckOptions;
  /** Blocks of the present object's payloads that were verified already: extents of several chunks show the same. */
  readonly #verified = new Map<string, Set<number>>();
  bytesVerified = 0;

  constructor(
    segments: SegmentTable,
    segmentBytes: number,
    accounts: Accounts,
    findings: Findings,
    options: PayloadCheckOptions,
  ) {
    this.#segments = segments;
    this.#segmentBytes = segmentBytes;
    this.#accounts = accounts;
    this.#findings = findings;
    this.#options = options;
  }

  /** Payloads of one object are checked together. */
  begin(): void {
    this.#verified.clear();
  }

  /** `bytes` from `skip` on are shown by somebody, and so live. */
  async check(payload: PayloadRef, owner: bigint, skip: number, bytes: number, place: FindingPlace): Promise<void> {
    if (!this.count(payload, bytes, place) || this.#options.reader === undefined) return;
    await this.#verify(this.#options.reader, payload, owner, skip, bytes, place);
  }

  /** `bytes` of it are live, though nobody reads them. False where it cannot be. */
  count(payload: PayloadRef, bytes: number, place: FindingPlace): boolean {
    this.#accounts.payloads += 1;
    const why = this.#misplaced(payload);
    if (why !== undefined) {
      this.#findings.add('payload-place', why, { ...place, segment: payload.segment, offset: payload.offset });
      return false;
    }
    this.#accounts.addLive(payload.segment, bytes);
    return true;
  }

  #misplaced({ segment, offset, bytes, blockShift, batch }: PayloadRef): string | undefined {
    if (segment >= this.#segments.count) return `a payload in segment ${segment}, which the store does not have`;
    const { state, usedBytes, lastBatch } = this.#segments.info(segment);
    if (state === 'unused') return `a payload in segment ${segment}, which was never written`;
    const end = offset + storedBytes(bytes, blockShift);
    if (offset < pageBytes || end > Math.min(usedBytes, this.#segmentBytes)) {
      return `a payload at ${offset} to ${end} of segment ${segment}, which holds ${usedBytes} bytes`;
    }
    return batch > lastBatch
      ? `a payload of batch ${batch} in segment ${segment}, whose last is ${lastBatch}`
      : undefined;
  }

  async #verify(
    reader: PayloadReader,
    payload: PayloadRef,
    owner: bigint,
    skip: number,
    bytes: number,
    place: FindingPlace,
  ): Promise<void> {
    const blockBytes = 2 ** payload.blockShift;
    const name = `${payload.segment}/${payload.offset}`;
    const verified = this.#verified.get(name) ?? new Set<number>();
    this.#verified.set(name, verified);
    const perRead = Math.max(1, readBytesMax / blockBytes);
    const last = Math.min(
      Math.floor((skip + bytes - 1) / blockBytes),
      blockCount(payload.bytes, payload.blockShift) - 1,
    );
    for (let block = Math.floor(skip / blockBytes); block <= last;) {
      let count = 0;
      while (count < perRead && block + count <= last && !verified.has(block + count)) verified.add(block + count++);
      if (count > 0) await this.#verifyBlocks(reader, payload, owner, block, count, place);
      block += Math.max(1, count);
    }
  }

  async #verifyBlocks(
    reader: PayloadReader,
    payload: PayloadRef,
    owner: bigint,
    first: number,
    count: number,
    place: FindingPlace,
  ): Promise<void> {
    const skip = first * 2 ** payload.blockShift;
    const bytes = Math.min(count * 2 ** payload.blockShift, payload.bytes - skip);
    try {
      await reader.read({ payload, owner, skip, bytes }, () => place.object ?? 'a shared payload');
      this.bytesVerified += bytes;
    } catch (error) {
      if (!isCairnError(error, 'CORRUPT') && !isCairnError(error, 'IO_ERROR')) throw error;
      // One by one, so that each damaged block is named and none is lost in a crowd.
      if (count > 1) {
        for (let i = 0; i < count; i++) await this.#verifyBlocks(reader, payload, owner, first + i, 1, place);
        return;
      }
      this.#findings.add('payload', error.message, {
        ...place,
        segment: payload.segment,
        offset: payload.offset + first * (2 ** payload.blockShift + 8),
      });
    }
    this.#options.onBytes(bytes);
  }
}
