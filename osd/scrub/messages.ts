/** What a primary asks of the members of its PG to compare and heal their copies. Keys are `ObjectId.key`, latin1. */
import { defineMethod } from '../../wire/method.js';
import type { PgHeader } from '../pg/messages.js';
import type { CopyState } from './copy-state.js';
import type { DigestProgress } from './object-digest.js';
import type { ScrubStamps } from './stamps.js';

/** Objects behind `after`, '' from the beginning, at most `count`. */
export interface ScrubListRequest extends PgHeader {
  readonly after: string;
  readonly count: number;
}

export interface ScrubListReply {
  readonly keys: readonly string[];
  /** There are more behind the last one. */
  readonly isMore: boolean;
}

export const scrubListMethod = defineMethod<ScrubListRequest, ScrubListReply>('pg.scrub-list');

/** Digests of these objects, once the log here has come as far as `after`. */
export interface DigestRequest extends PgHeader {
  readonly after: number;
  readonly isDeep: boolean;
  readonly keys: readonly string[];
  /** Of the first of them: where to go on. `null`: at its beginning. */
  readonly resume: DigestProgress | null;
  /** One step of the first object, and no more. */
  readonly isStep: boolean;
}

/** Of the first of the keys, as many as fit one answer. */
export interface DigestReply {
  readonly found: readonly CopyState[];
  /** How far the next one is. */
  readonly resume: DigestProgress | null;
}

export const digestMethod = defineMethod<DigestRequest, DigestReply>('pg.digest');

/**
 * Parts of an object as they are right, in place of what is here: the payload is that of `pg.parts`. Refused with `CONFLICT` when
 * the log here has an entry behind `after` about the object: they are not right any more.
 */
export interface InstallRequest extends PgHeader {
  readonly after: number;
  /** Numbered by the primary, within its term: what comes late of an earlier one is refused. */
  readonly heal: number;
  readonly key: string;
  readonly recordBytes: number;
  readonly restBytes: number;
  /** With it the object is whole; until then it is noted as missing here. */
  readonly isLast: boolean;
}

export const installMethod = defineMethod<InstallRequest, Record<string, never>>('pg.install');

/** The PG was scrubbed: each member notes it, so that whoever leads next knows. */
export interface ScrubbedMessage extends PgHeader {
  readonly stamps: ScrubStamps;
}

export const scrubbedMethod = defineMethod<ScrubbedMessage>('pg.scrubbed');
