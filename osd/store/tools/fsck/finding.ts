/** What fsck can find. A code is never renamed: scripts match on it. */

export interface CodeInfo {
  /** `warning`: nothing that is stored is wrong yet, or a crash explains it. */
  readonly severity: 'error' | 'warning';
  /** What `--repair` does about it; `undefined`: it cannot. */
  readonly repair: string | undefined;
  readonly meaning: string;
}

const removes = 'removes the key';

export const findingCodes = {
  'index-missing': { severity: 'error', repair: undefined, meaning: 'the index is gone or cannot be opened' },
  'index-file': { severity: 'error', repair: undefined, meaning: 'a file of LevelDB is damaged' },
  'index-file-tail': {
    severity: 'warning',
    repair: undefined,
    meaning: 'a log of LevelDB ends in a damaged record: torn by a crash, or rot',
  },
  'index-value': { severity: 'error', repair: undefined, meaning: 'a value of the index does not match its checksum' },
  'index-value-removed': {
    severity: 'warning',
    repair: removes,
    meaning: 'a damaged value of the index that the log has removed since',
  },
  'index-malformed': { severity: 'error', repair: undefined, meaning: 'a key or value of the index cannot be decoded' },
  'index-unknown-key': { severity: 'error', repair: undefined, meaning: 'a key belongs to no known key space' },
  checkpoint: { severity: 'error', repair: undefined, meaning: 'the newest checkpoint is missing or damaged' },
  'checkpoint-marker': {
    severity: 'error',
    repair: undefined,
    meaning: 'the marker of a checkpoint is missing, wrong or too much',
  },
  'log-corrupt': { severity: 'error', repair: undefined, meaning: 'the log lacks batches that were durable once' },
  'segment-header': {
    severity: 'error',
    repair: undefined,
    meaning: 'a segment in use has no header, or another one than the index says',
  },
  'segment-missing': { severity: 'error', repair: undefined, meaning: 'the file of a segment in use is missing' },
  'segment-short': { severity: 'error', repair: undefined, meaning: 'a segment file ends before its last batch' },
  'segment-info': { severity: 'error', repair: undefined, meaning: 'the segment table contradicts itself' },
  batch: {
    severity: 'warning',
    repair: undefined,
    meaning: 'a batch that a checkpoint covers is damaged: salvage could not use it',
  },
  'payload-place': {
    severity: 'error',
    repair: undefined,
    meaning: 'a payload lies outside of what its segment holds',
  },
  payload: {
    severity: 'error',
    repair: undefined,
    meaning: 'bytes of an object do not match their checksum or cannot be read',
  },
  'live-bytes': {
    severity: 'error',
    repair: 'corrects the count',
    meaning: 'the live bytes of a segment are not what is pointed to',
  },
  'chunk-orphan': { severity: 'error', repair: removes, meaning: 'extents of an object that does not exist' },
  'chunk-inline': {
    severity: 'error',
    repair: removes,
    meaning: 'a chunk key of an object whose extents are in its head',
  },
  'chunk-beyond': { severity: 'error', repair: removes, meaning: 'a chunk beyond the end of its object' },
  'extent-beyond': { severity: 'error', repair: undefined, meaning: 'an extent beyond the end of its object' },
  'omap-orphan': {
    severity: 'error',
    repair: removes,
    meaning: 'an omap key whose object does not exist or has no omap',
  },
  'mark-orphan': {
    severity: 'error',
    repair: removes,
    meaning: 'a work mark whose object does not exist or has no marks',
  },
  'shared-missing': {
    severity: 'error',
    repair: undefined,
    meaning: 'extents point to a shared payload that is not there',
  },
  'shared-orphan': { severity: 'error', repair: removes, meaning: 'a shared payload that nothing points to' },
  'shared-references': {
    severity: 'error',
    repair: 'corrects the count',
    meaning: 'a shared payload counts other references than there are',
  },
  'shared-id': {
    severity: 'error',
    repair: 'raises the next id',
    meaning: 'the next id of a shared payload is in use',
  },
  'owner-missing': {
    severity: 'error',
    repair: 'writes the key',
    meaning: 'the cleaner could not find who owns a payload',
  },
  'owner-orphan': { severity: 'error', repair: removes, meaning: 'a payload owner that names what does not own it' },
  'pool-counts': {
    severity: 'error',
    repair:
      'corrects the counts where a pool has one PG here, its PGs say what they were split for, or its pg_num is given',
    meaning: 'the PGs of a pool count other objects or bytes than there are',
  },
  'pg-record': { severity: 'error', repair: undefined, meaning: 'the record of a PG contradicts itself' },
  'pg-overlap': {
    severity: 'error',
    repair: undefined,
    meaning: 'a PG that others were split from still counts their objects as its own',
  },
  'pg-values': { severity: 'error', repair: undefined, meaning: 'values or a log of a PG that has no record' },
  'parked-object': {
    severity: 'error',
    repair: undefined,
    meaning: 'what was parked lacks a part, or what is known of it cannot be read',
  },
  'parked-unfinished': {
    severity: 'warning',
    repair: undefined,
    meaning:
      'an object was being parked when the process ended: the OSD takes it away when it starts, and parks it anew',
  },
  'log-block-missing': { severity: 'error', repair: undefined, meaning: 'a block of a PG log is missing' },
  'log-block-info': {
    severity: 'error',
    repair: 'corrects the record',
    meaning: 'a block of a PG log holds other entries than its record says',
  },
  'log-block-order': {
    severity: 'error',
    repair: undefined,
    meaning: 'entries of a PG log overlap or are out of order',
  },
  'log-block-orphan': {
    severity: 'error',
    repair: removes,
    meaning: 'a block of a PG log that its record does not name',
  },
} as const satisfies Record<string, CodeInfo>;

export type FindingCode = keyof typeof findingCodes;

export interface FindingPlace {
  /** Of the index, as text for people. */
  readonly key?: string;
  readonly object?: string;
  readonly pg?: string;
  readonly segment?: number;
  readonly offset?: number;
  readonly file?: string;
}

export interface Finding extends FindingPlace {
  readonly code: FindingCode;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  /** `--repair` can mend it. */
  readonly isRepairable: boolean;
}

/** Kept in full; a store in ruins has millions, and the first thousands tell as much. */
export const findingsMax = 10_000;

/** Gathers findings, each once, up to a bound; counts them all. */
export class Findings {
  readonly #list: Finding[] = [];
  readonly #seen = new Set<string>();
  readonly #counts = new Map<FindingCode, number>();
  readonly #onFinding: ((finding: Finding) => void) | undefined;

  constructor(onFinding?: (finding: Finding) => void) {
    this.#onFinding = onFinding;
  }

  add(code: FindingCode, message: string, place: FindingPlace = {}): void {
    const identity = `${code} ${JSON.stringify(place)} ${message}`;
    if (this.#seen.has(identity)) return;
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1);
    if (this.#list.length >= findingsMax) return;
    this.#seen.add(identity);
    const { severity, repair } = findingCodes[code];
    const finding = { code, severity, message, ...place, isRepairable: repair !== undefined };
    this.#list.push(finding);
    this.#onFinding?.(finding);
  }

  get list(): readonly Finding[] {
    return this.#list;
  }

  /** How often each code was found. */
  get counts(): ReadonlyMap<FindingCode, number> {
    return this.#counts;
  }

  has(...codes: readonly FindingCode[]): boolean {
    return codes.some((code) => this.#counts.has(code));
  }
}
