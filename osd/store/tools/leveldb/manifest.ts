/** The MANIFEST: which files make up the database, told as changes one after the other. */
import { ByteReader } from '../../../../base/byte-reader.js';
import { latin1Text } from '../../../../base/bytes.js';

export interface LiveTable {
  readonly number: number;
  readonly bytes: number;
}

const stringBytesMax = 64 * 1024;

export class Manifest {
  /** By number. */
  readonly tables = new Map<number, LiveTable>();
  comparator: string | undefined;
  /** Logs from this number on hold what no table has yet. */
  logNumber = 0;
  prevLogNumber = 0;

  /** `PARSE_ERROR` for what is no change that this knows. */
  apply(record: Uint8Array): void {
    const reader = new ByteReader(record);
    while (!reader.isAtEnd) this.#applyField(reader);
  }

  #applyField(reader: ByteReader): void {
    const at = reader.offset;
    const tag = reader.varint('a tag', 2 ** 32 - 1);
    switch (tag) {
      case 1:
        this.comparator = latin1Text(readString(reader));
        return;
      case 2:
        this.logNumber = reader.varint('the number of a log');
        return;
      case 9:
        this.prevLogNumber = reader.varint('the number of a log');
        return;
      case 3:
      case 4:
        reader.varint('a number');
        return;
      case 5:
        reader.varint('a level', 64);
        readString(reader);
        return;
      case 6:
        reader.varint('a level', 64);
        this.tables.delete(reader.varint('the number of a table'));
        return;
      case 7: {
        reader.varint('a level', 64);
        const number = reader.varint('the number of a table');
        const bytes = reader.varint('the bytes of a table');
        readString(reader);
        readString(reader);
        this.tables.set(number, { number, bytes });
        return;
      }
      default:
        throw reader.error(`a change of unknown kind ${tag}`, at);
    }
  }
}

function readString(reader: ByteReader): Uint8Array {
  return reader.viewRaw(reader.varint('the length of a text', stringBytesMax), 'a text');
}
