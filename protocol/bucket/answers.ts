/** What the calls of class `bucket` answer, as MessagePack in `output`; larger data comes beside it. */
import type { VersionName } from './version-id.js';

/** Latin1 texts of ids travel as bytes. */
export interface SentVersion {
  readonly sequence: number;
  readonly requestId: Uint8Array;
}

export function sentVersion({ sequence, requestId }: VersionName): SentVersion {
  return { sequence, requestId: Buffer.from(requestId, 'latin1') };
}

export function receivedVersion({ sequence, requestId }: SentVersion): VersionName {
  return { sequence, requestId: Buffer.from(requestId).toString('latin1') };
}

export interface PutAnswer {
  readonly version: SentVersion;
  readonly isNull: boolean;
  readonly modifiedMs: number;
  /** There was a current version. */
  readonly isOverwrite: boolean;
}

export interface CompleteAnswer extends PutAnswer {
  /** 0 when it was completed before: then what it was is told again. */
  readonly size: number;
  readonly etag: Uint8Array;
  readonly partCount: number;
  readonly checksum: { readonly algorithm: string; readonly type: string; readonly value: Uint8Array } | undefined;
}

/** Of one item of `delete`, in their order. */
export type DeleteAnswer =
  /** `version`: of the marker that was made, or that was removed (`isMarker`); of the version removed. */
  | {
      readonly kind: 'deleted';
      readonly version: SentVersion | undefined;
      readonly isNull: boolean;
      readonly isMarker: boolean;
      readonly wasThere: boolean;
    }
  | { readonly kind: 'refused'; readonly refusal: string; readonly message: string };

export interface GetAnswer {
  /** An entry's (entry.ts). */
  readonly head: Uint8Array;
  readonly isLatest: boolean;
  /** Of the data, in this order; `undefined`: not asked for, or none. */
  readonly contentBytes: number | undefined;
  readonly tagsBytes: number | undefined;
  readonly aclBytes: number | undefined;
}

export interface CreateUploadAnswer {
  readonly upload: Uint8Array;
  readonly initiatedMs: number;
}
