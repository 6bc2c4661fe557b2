/** What a member does for the primary that scrubs or heals its PG. The primary asks itself in the same words. */
import { CairnError } from '../../base/errors.js';
import { unpackParts } from '../pg/copy/parts-message.js';
import type { PgCopy } from '../pg/pg-copy.js';
import { blockShiftMin } from '../store/limits.js';
import { parseObjectKey, showObject, type ObjectId } from '../store/object-id.js';
import { decodeLogEntry } from '../store/pg/log-entry.js';
import type { ObjectReader } from '../store/read/object-reader.js';
import type { Mutation, Transaction } from '../store/transaction.js';
import type { CopyState } from './copy-state.js';
import type { DigestReply, DigestRequest, InstallRequest } from './messages.js';
import { digestStart, digestStep } from './object-digest.js';

/** Read for one answer: some 20 ms of a disk, so an answer is never late, and others get their turn. */
const answerBytes = 4 * 1024 * 1024;
/** Of a step of one object, with requests for it waiting. */
const stepBytes = 1024 * 1024;

export type DigestOrder = Pick<DigestRequest, 'isDeep' | 'keys' | 'resume' | 'isStep'>;

/** What is noted as missing here counts as rotten, whatever it looks like: it is not as the log says. */
export async function digestObjects(objects: ObjectReader, copy: PgCopy, order: DigestOrder): Promise<DigestReply> {
  const { isDeep, isStep } = order;
  const missing = new Set((await copy.missing()).flatMap((one) => ('object' in one ? [one.object.key] : [])));
  const found: CopyState[] = [];
  let left = isStep ? stepBytes : answerBytes;
  let progress = order.resume ?? digestStart;
  for (const key of order.keys) {
    if (left <= 0) break;
    if (missing.has(key)) {
      found.push({ kind: 'rotten', version: null, problem: `${showObject(parseObjectKey(key))} is not whole here` });
      progress = digestStart;
      continue;
    }
    const step = await digestStep(objects, parseObjectKey(key), progress, { isDeep, bytesMax: left });
    left -= step.bytes;
    if (step.kind === 'more') return { found, resume: step.progress };
    found.push(step.copy);
    if (isStep) break;
    progress = digestStart;
  }
  return { found, resume: null };
}

export type Install = Pick<InstallRequest, 'after' | 'heal' | 'key' | 'recordBytes' | 'restBytes' | 'isLast'>;

/** What an install changes here, with what is noted of the object. `PROTOCOL_ERROR` for what is about another. */
export function installOf(copy: PgCopy, install: Omit<Install, 'after' | 'heal'>, payload: Uint8Array): Transaction {
  const object = parseObjectKey(install.key);
  const { mutations } = unpackParts(payload, install);
  if (mutations.some((one) => !('object' in one) || one.object.key !== object.key)) {
    throw new CairnError('PROTOCOL_ERROR', 'parts of one object are installed, and of no other');
  }
  return transactionOf(copy, object, mutations, install.isLast);
}

export function transactionOf(
  copy: PgCopy,
  object: ObjectId,
  mutations: readonly Mutation[],
  isLast: boolean,
): Transaction {
  const noted = isLast ? copy.noteFound([object.key]) : copy.noteMissing([{ kind: 'whole', object }]);
  const { pg } = copy;
  // Room is given back as soon as it is applied, and a copy that is not healed is worth nothing.
  return { pg, blockShift: blockShiftMin, mutations: [...mutations, ...noted], mayUseReserve: true };
}

/** `CONFLICT` when an entry behind `after` is about the object. Nothing is to be appended meanwhile. */
export async function checkUntouched(copy: PgCopy, key: string, after: number): Promise<void> {
  if (copy.trimmedTo > after) throw new CairnError('CONFLICT', `the log was trimmed beyond entry ${after} meanwhile`);
  for (let at = after; ;) {
    const page = await copy.readLog(at);
    const last = page.at(-1);
    if (last === undefined) return;
    for (const { seq, bytes } of page) {
      if (decodeLogEntry(bytes).object?.key !== key) continue;
      throw new CairnError('CONFLICT', `${showObject(parseObjectKey(key))} was changed by entry ${seq} meanwhile`);
    }
    at = last.seq;
  }
}
