/**
 * Checks every file of a LevelDB directory that nobody has open, without opening it: LevelDB verifies nothing when it
 * reads, and drops what is damaged in its log without a word when it is opened. `LOCK` is empty and `LOG` is for people:
 * nothing depends on their bytes.
 */
import { latin1Text } from '../../../../base/bytes.js';
import { isCairnError } from '../../../../base/errors.js';
import type { Disk } from '../../../../runtime/disk.js';
import { FileWindow } from './file-window.js';
import { checkLogFile } from './log-file.js';
import { Manifest } from './manifest.js';
import type { IndexFileProblem } from './problem.js';
import { checkTableFile } from './table-file.js';

export interface CheckedDirectory {
  readonly problems: readonly IndexFileProblem[];
  readonly files: number;
  readonly bytes: number;
}

export interface CheckDirectoryOptions {
  readonly onBytes?: (bytes: number) => void;
}

/** `undefined` when no database of LevelDB is there that has files of its own. */
export async function checkLevelDirectory(
  disk: Disk,
  directory: string,
  options: CheckDirectoryOptions = {},
): Promise<CheckedDirectory | undefined> {
  let names: string[];
  try {
    names = await disk.list(directory);
  } catch (error) {
    if (isCairnError(error, 'NOT_FOUND')) return undefined;
    throw error;
  }
  if (!names.some((name) => /^MANIFEST-\d+$|\.(ldb|sst|log)$/.test(name))) return undefined;
  const checker = new DirectoryChecker(disk, directory, names, options);
  await checker.run();
  return { problems: checker.problems, files: checker.files, bytes: checker.bytes };
}

/** Bytes of the files that `checkLevelDirectory` reads. */
export async function levelDirectoryBytes(disk: Disk, directory: string): Promise<number> {
  let total = 0;
  try {
    for (const name of await disk.list(directory)) {
      if (/^MANIFEST-\d+$|\.(ldb|sst|log)$/.test(name)) total += (await disk.stat(`${directory}/${name}`)).bytes;
    }
  } catch (error) {
    if (!isCairnError(error, 'NOT_FOUND')) throw error;
  }
  return total;
}

class DirectoryChecker {
  readonly problems: IndexFileProblem[] = [];
  files = 0;
  bytes = 0;
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #names: readonly string[];
  readonly #options: CheckDirectoryOptions;

  constructor(disk: Disk, directory: string, names: readonly string[], options: CheckDirectoryOptions) {
    this.#disk = disk;
    this.#directory = directory;
    this.#names = names;
    this.#options = options;
  }

  async run(): Promise<void> {
    const manifest = await this.#readManifest();
    const seen = new Set<number>();
    let logs = 0;
    for (const name of this.#names) {
      const [, digits, kind] = /^(\d+)\.(ldb|sst|log)$/.exec(name) ?? [];
      if (digits === undefined) continue;
      const number = Number(digits);
      if (kind === 'log') {
        const isLive = manifest === undefined || number >= manifest.logNumber || number === manifest.prevLogNumber;
        if (isLive) await this.#checkLog(name);
        if (isLive) logs += 1;
        continue;
      }
      const live = manifest?.tables.get(number);
      // What no version names any more is about to be removed.
      if (manifest !== undefined && live === undefined) continue;
      seen.add(number);
      await this.#checkTable(name, live?.bytes);
    }
    for (const { number } of manifest?.tables.values() ?? []) {
      if (!seen.has(number)) this.#problem(tableName(number), 'is missing, and the database needs it');
    }
    // LevelDB makes the next log before it names it.
    if (manifest !== undefined && logs === 0) {
      this.#problem(`${String(manifest.logNumber).padStart(6, '0')}.log`, 'is missing, with what was written last');
    }
  }

  async #readManifest(): Promise<Manifest | undefined> {
    const name = await this.#currentManifest();
    if (name === undefined) return undefined;
    const manifest = new Manifest();
    let isWhole = true;
    await this.#with(name, async (file) => {
      const { problems } = await checkLogFile(file, (record) => {
        try {
          manifest.apply(record);
        } catch (error) {
          if (!isCairnError(error, 'PARSE_ERROR')) throw error;
          isWhole = false;
          this.#problem(name, `holds a record that is malformed: ${error.message}`);
        }
      });
      for (const { message, isTail } of problems) this.problems.push({ file: name, message, isTail });
      isWhole &&= problems.length === 0;
    });
    if (!isWhole) return undefined;
    if (manifest.comparator === 'leveldb.BytewiseComparator') return manifest;
    this.#problem(name, 'names no comparator, or another than ours');
    return undefined;
  }

  async #currentManifest(): Promise<string | undefined> {
    if (!this.#names.includes('CURRENT')) {
      this.#problem('CURRENT', 'is missing, and names the MANIFEST');
      return undefined;
    }
    let text = '';
    await this.#with('CURRENT', async (file) => {
      text = latin1Text(await file.view(0, 64));
    });
    const name = /^(MANIFEST-\d+)\n$/.exec(text)?.[1];
    if (name !== undefined && this.#names.includes(name)) return name;
    this.#problem('CURRENT', 'names no MANIFEST that is there');
    return undefined;
  }

  async #checkTable(name: string, expected: number | undefined): Promise<void> {
    await this.#with(name, async (file) => {
      if (expected !== undefined && file.size !== expected) {
        this.#problem(name, `has ${file.size} bytes, not the ${expected} that the MANIFEST says`);
      }
      for (const message of await checkTableFile(file)) this.#problem(name, message);
    });
  }

  async #checkLog(name: string): Promise<void> {
    await this.#with(name, async (file) => {
      const { problems } = await checkLogFile(file);
      for (const { message, isTail } of problems) this.problems.push({ file: name, message, isTail });
    });
  }

  async #with(name: string, use: (file: FileWindow) => Promise<void>): Promise<void> {
    const handle = await this.#disk.open(`${this.#directory}/${name}`, { mode: 'read' });
    try {
      const file = new FileWindow(handle, await handle.size());
      try {
        await use(file);
      } catch (error) {
        if (!isCairnError(error, 'IO_ERROR')) throw error;
        this.#problem(name, `cannot be read: ${error.message}`);
      }
      this.files += 1;
      this.bytes += file.size;
      this.#options.onBytes?.(file.size);
    } finally {
      await handle.close();
    }
  }

  #problem(file: string, message: string): void {
    this.problems.push({ file, message, isTail: false });
  }
}

function tableName(number: number): string {
  return `${String(number).padStart(6, '0')}.ldb`;
}
