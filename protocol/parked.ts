/** What OSDs have parked of async pools, for operators: `cairn pg parked`. Asked of each OSD, as whoever has it need not act in the PG. */
import { defineMethod } from '../wire/method.js';

/** Of one object; the PG and the entry that changed it last name it. */
export interface ParkedRow {
  readonly pg: number;
  readonly term: number;
  readonly seq: number;
  readonly namespace: string;
  readonly locator: string;
  readonly name: string;
  /** False: the cut writes had removed it. */
  readonly exists: boolean;
  /** It is as the last of them left it. */
  readonly isWhole: boolean;
  readonly bytes: number;
  /** Writes that were cut, and those of them that had been acknowledged for certain; the rest perhaps. */
  readonly writes: number;
  readonly acknowledged: number;
  /** Wall time of the OSD in ms. */
  readonly parkedAt: number;
  /** Where the PG goes on without them; 0 when that is not known. */
  readonly commonTerm: number;
  readonly commonSeq: number;
}

export interface ParkedListRequest {
  readonly pool: number;
  /** Of one PG; of all without it. */
  readonly pg?: number | undefined;
  /** `next` of the page before. */
  readonly after?: Uint8Array | undefined;
}

export interface ParkedListReply {
  readonly osd: number;
  /** At most `parkedPageMax`, in the order of PGs and entries. */
  readonly parked: readonly ParkedRow[];
  readonly next?: Uint8Array | undefined;
}

/** Names have up to 4.3 KiB together, and a header takes 1 MiB. */
export const parkedPageMax = 200;

/** `PERMISSION_DENIED` without `osd 'allow r'` on the pool. */
export const parkedListMethod = defineMethod<ParkedListRequest, ParkedListReply>('osd.parked-list');

export interface ParkedReadRequest {
  readonly pool: number;
  readonly pg: number;
  readonly term: number;
  readonly seq: number;
  readonly offset: number;
  /** At most `parkedReadBytesMax`; 0 for attributes and keys. */
  readonly bytes: number;
}

export interface ParkedReadReply {
  readonly parked: ParkedRow;
  readonly attributes: readonly (readonly [name: string, value: Uint8Array])[];
  /** Heads of the omap keys that the cut writes set, at most `parkedKeysMax`: with `bytes` 0 only. */
  readonly keys: readonly (readonly [key: Uint8Array, head: Uint8Array])[];
  readonly hasMoreKeys: boolean;
}

export const parkedReadBytesMax = 4 * 1024 * 1024;
export const parkedKeysMax = 256;

/** The payload is the data. `NOT_FOUND` for what is not parked there; permission as `parkedListMethod`. */
export const parkedReadMethod = defineMethod<ParkedReadRequest, ParkedReadReply>('osd.parked-read');

export interface ParkedDropRequest {
  readonly pool: number;
  readonly pg: number;
  /** At most `parkedPageMax`. */
  readonly versions: readonly (readonly [term: number, seq: number])[];
}

/** How many of them were there. `PERMISSION_DENIED` without `osd 'allow w'` on the pool. */
export const parkedDropMethod = defineMethod<ParkedDropRequest, { readonly dropped: number }>('osd.parked-drop');
