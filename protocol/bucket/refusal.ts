/** Why a call of the class `bucket` was refused, in `details.refusal`: gateways turn these into S3 errors, or act on them. */
import { CairnError, type ErrorCode } from '../../base/errors.js';

export const refusals = {
  'no-shard': {
    code: 'NOT_FOUND',
    meaning: 'the shard is not there: the table of shards is old, or the bucket was deleted',
  },
  'wrong-shard': {
    code: 'CONFLICT',
    meaning: 'the key is not in the rectangle of this shard (any more), or it is not open yet',
  },
  'stale-bucket': { code: 'CONFLICT', meaning: 'another generation of the configuration: `details.generation`' },
  'range-sealed': {
    code: 'OVERLOADED',
    meaning: 'the key moves to another shard at this moment: again in some milliseconds',
  },
  'bucket-sealed': { code: 'CONFLICT', meaning: 'the bucket is being deleted' },
  'not-empty': { code: 'CONFLICT', meaning: 'the shard has objects, versions or markers' },
  'clock-unknown': { code: 'OVERLOADED', meaning: 'this OSD has not heard the time from the monitors (lately)' },
  precondition: { code: 'CONFLICT', meaning: 'If-Match or If-None-Match does not hold' },
  'no-such-key': {
    code: 'NOT_FOUND',
    meaning: 'no current version; `details.isMarker`: a delete marker is the latest',
  },
  'no-such-version': { code: 'NOT_FOUND', meaning: 'that version is not there' },
  'is-marker': { code: 'CONFLICT', meaning: 'the version named is a delete marker' },
  locked: { code: 'CONFLICT', meaning: 'retention or a legal hold protects the version' },
  'no-intent': { code: 'CONFLICT', meaning: 'the intent of a blob is gone: it expired, and its chunks go' },
  'no-such-upload': { code: 'NOT_FOUND', meaning: 'the upload is not there, or was completed or aborted' },
  'invalid-part': { code: 'CONFLICT', meaning: 'a part is not there, or is another one: `details.part`' },
  'part-too-small': { code: 'CONFLICT', meaning: 'a part that is not the last has less than 5 MiB: `details.part`' },
  'too-many-slices': { code: 'CONFLICT', meaning: 'a manifest would have more than 1 MiB' },
  'wrong-size': { code: 'CONFLICT', meaning: 'the parts together have another size than was said' },
} as const satisfies Record<string, { readonly code: ErrorCode; readonly meaning: string }>;

export type BucketRefusal = keyof typeof refusals;

export function bucketRefusal(
  refusal: BucketRefusal,
  message: string = refusals[refusal].meaning,
  details: Readonly<Record<string, unknown>> = {},
): CairnError {
  return new CairnError(refusals[refusal].code, message, { details: { ...details, refusal } });
}

/** `undefined` for what is none. */
export function refusalOf(error: unknown): BucketRefusal | undefined {
  if (!(error instanceof CairnError)) return undefined;
  const refusal = error.details['refusal'];
  return typeof refusal === 'string' && refusal in refusals ? (refusal as BucketRefusal) : undefined;
}
