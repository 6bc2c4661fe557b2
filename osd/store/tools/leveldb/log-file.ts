/**
 * Checks a file in LevelDB's log format: its log of writes, and the MANIFEST. Blocks of 32 KiB hold
 *
 *     masked crc32c of type and bytes │ length, 2 bytes │ type: 1 whole, 2 first, 3 middle, 4 last │ bytes
 *
 * and, where fewer than 7 bytes are left of a block, zeros. LevelDB reads on behind a damaged record without a word.
 */
import { concatBytes } from '../../../../base/bytes.js';
import { crc32c, maskCrc } from './crc32c.js';
import type { FileWindow } from './file-window.js';

const blockBytes = 32 * 1024;
const headerBytes = 7;

export interface LogProblem {
  readonly message: string;
  /** At the very end, where a crash may have torn it. */
  readonly isTail: boolean;
}

export interface CheckedLog {
  readonly problems: readonly LogProblem[];
  readonly records: number;
}

/** `onRecord` gets each whole record, as bytes of its own. Without it none is put together. */
export async function checkLogFile(file: FileWindow, onRecord?: (bytes: Uint8Array) => void): Promise<CheckedLog> {
  const checker = new LogChecker(onRecord);
  for (let start = 0; start < file.size; start += blockBytes) {
    const block = await file.view(start, Math.min(blockBytes, file.size - start));
    if (!checker.block(block, start, start + block.byteLength >= file.size)) break;
  }
  return checker.end();
}

class LogChecker {
  readonly #onRecord: ((bytes: Uint8Array) => void) | undefined;
  readonly #problems: LogProblem[] = [];
  #parts: Uint8Array[] = [];
  #isWithin = false;
  #records = 0;

  constructor(onRecord: ((bytes: Uint8Array) => void) | undefined) {
    this.#onRecord = onRecord;
  }

  /** False when nothing behind it can be told apart any more. */
  block(block: Uint8Array, start: number, isLast: boolean): boolean {
    const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
    let at = 0;
    while (block.byteLength - at >= headerBytes) {
      const length = view.getUint16(at + 4, true);
      const end = at + headerBytes + length;
      const where = start + at;
      if (end > block.byteLength) {
        this.#problem(`the record at ${where} reaches beyond ${isLast ? 'the end of the file' : 'its block'}`, isLast);
        return true;
      }
      const body = block.subarray(at + 6, end);
      if (view.getUint32(at, true) !== maskCrc(crc32c(body))) {
        const isTail = isLast && end === block.byteLength;
        this.#problem(`the record at ${where} does not match its checksum`, isTail);
        // Its length may be what is wrong: what follows in this block cannot be told apart.
        return true;
      }
      this.#part(body, where);
      at = end;
    }
    const rest = block.subarray(at);
    if (!isLast && rest.some((byte) => byte !== 0))
      this.#problem(`bytes at ${start + at} that belong to no record`, false);
    if (isLast && rest.byteLength > 0 && block.byteLength < blockBytes) {
      this.#problem(`${rest.byteLength} bytes at ${start + at} are no record`, true);
    } else if (isLast && rest.some((byte) => byte !== 0)) {
      this.#problem(`bytes at ${start + at} that belong to no record`, false);
    }
    return true;
  }

  end(): CheckedLog {
    if (this.#isWithin) this.#problem('its last record lacks its end', true);
    return { problems: this.#problems, records: this.#records };
  }

  #part(body: Uint8Array, where: number): void {
    const type = body[0] ?? 0;
    const begins = type === 1 || type === 2;
    if (type < 1 || type > 4) {
      this.#problem(`a record of unknown type ${type} at ${where}`, false);
      return;
    }
    if (begins === this.#isWithin) {
      const why = begins ? 'begins before the one before it has ended' : 'goes on with one that never began';
      this.#problem(`the record at ${where} ${why}`, false);
    }
    if (begins) this.#parts = [];
    if (this.#onRecord !== undefined) this.#parts.push(body.slice(1));
    this.#isWithin = type === 2 || type === 3;
    if (this.#isWithin) return;
    this.#records += 1;
    this.#onRecord?.(concatBytes(this.#parts));
    this.#parts = [];
  }

  #problem(message: string, isTail: boolean): void {
    this.#problems.push({ message, isTail });
    this.#parts = [];
    this.#isWithin = false;
  }
}
