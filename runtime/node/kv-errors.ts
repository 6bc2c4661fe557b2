/** Where errors of `level` become codes of ours, and keys become bytes. */
import { CairnError, isCairnError, type Applied, type ErrorCode } from '../../base/errors.js';
import type { KvKey } from '../kv.js';
import { showKey } from '../kv-seal.js';
import { errnoOf } from './errno.js';

interface Meaning {
  readonly code: ErrorCode;
  readonly text: string;
}

const meanings: Readonly<Record<string, Meaning>> = {
  LEVEL_LOCKED: { code: 'LOCKED', text: 'it is open already; stop the other daemon that uses it' },
  LEVEL_CORRUPTION: { code: 'CORRUPT', text: 'its files are damaged; remove it and let this daemon be filled again' },
  LEVEL_IO_ERROR: { code: 'IO_ERROR', text: 'the disk failed; see dmesg, and replace it' },
  LEVEL_DATABASE_NOT_OPEN: { code: 'CLOSED', text: 'it was closed' },
  LEVEL_ITERATOR_NOT_OPEN: { code: 'CLOSED', text: 'the walk was closed' },
  LEVEL_SNAPSHOT_NOT_OPEN: { code: 'CLOSED', text: 'the snapshot was closed' },
  LEVEL_BATCH_NOT_OPEN: { code: 'CLOSED', text: 'it was closed' },
};

/** LevelDB gives only the system's sentence. */
const ioMeanings: readonly (Meaning & { readonly sentence: RegExp })[] = [
  {
    sentence: /No such file/i,
    code: 'CORRUPT',
    text: 'one of its files is missing; remove it and let this daemon be filled again',
  },
  {
    sentence: /No space left|quota exceeded|File too large/i,
    code: 'NO_SPACE',
    text: 'the file system is full; free some space',
  },
  {
    sentence: /Permission denied|not permitted|Read-only/i,
    code: 'PERMISSION_DENIED',
    text: 'permission denied; check owner and mode',
  },
  {
    sentence: /Too many open files/i,
    code: 'OVERLOADED',
    text: 'this process has too many files open; raise its limit (ulimit -n)',
  },
];

/** `doing` names the deed and the directory; `key` is named when a read of it failed. */
export function kvError(error: unknown, doing: string, applied: Applied = 'no', key?: KvKey): CairnError {
  if (isCairnError(error)) return error;
  const reason = rootOf(error);
  const name = errnoOf(reason) ?? '';
  const message = reason instanceof Error ? reason.message : String(reason);
  const general = Object.hasOwn(meanings, name) ? meanings[name] : undefined;
  const io =
    general === undefined || name === 'LEVEL_IO_ERROR' ? ioMeanings.find((m) => m.sentence.test(message)) : undefined;
  const meaning = io ?? general ?? { code: 'IO_ERROR', text: message };
  const shown = key === undefined ? '' : ` (key ${showKey(key)})`;
  const details = { reason: message, ...(key === undefined ? {} : { key: showKey(key) }) };
  return new CairnError(meaning.code, `${doing}${shown}: ${meaning.text}`, { cause: error, applied, details });
}

/** Throws `INVALID_ARGUMENT` for a character that is no byte: it would be cut to one, and name another key. */
export function toKeyBytes(key: KvKey): Buffer {
  if (!isLatin1(key)) {
    throw new CairnError('INVALID_ARGUMENT', `key ${showKey(key)} has characters above \\xff; keys are latin1`);
  }
  return Buffer.from(key, 'latin1');
}

/** Whether each character is a byte. */
export function isLatin1(key: KvKey): boolean {
  return !/[\u0100-\uffff]/.test(key);
}

/** `level` says of a failed open only that it is not open; the reason is its cause. */
function rootOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? rootOf(error.cause) : error;
}
