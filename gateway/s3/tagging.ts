/** Tags of objects and buckets, and their limits (S3 User Guide, "Categorizing your objects using tags"). */
import { S3Error } from '../s3-error.js';
import { formDecoded } from './percent-encoding.js';

export interface Tag {
  readonly key: string;
  readonly value: string;
}

export type TaggedKind = 'object' | 'bucket' | 'new-bucket';

const tagLimits: Readonly<
  Record<TaggedKind, { readonly count: number; readonly tooMany: string; readonly system: string }>
> = {
  object: {
    count: 10,
    tooMany: 'Object tags cannot be greater than 10',
    system: 'Your TagKey cannot be prefixed with aws:',
  },
  bucket: {
    count: 50,
    tooMany: 'Bucket tag count cannot be greater than 50',
    system: 'System tags cannot be added/updated by requester',
  },
  'new-bucket': {
    count: 50,
    tooMany: 'Bucket tag count cannot be greater than 50',
    system: 'User-defined tag keys can\'t start with "aws:", which is reserved for system tags.',
  },
};

/** In UTF-16 code units, as AWS counts. */
const keyLengthMax = 128;
const valueLengthMax = 256;
const allowed = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/**
 * Of `x-amz-tagging`: `a=1&b=2`, encoded as forms are; a key without `=` has an empty value. Throws `InvalidArgument` where it is not
 * that or has a key twice, and what `checkTags` throws.
 */
export function parseTaggingHeader(header: string): readonly Tag[] {
  const tags: Tag[] = [];
  for (const pair of header.split('&')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const key = formDecoded(at < 0 ? pair : pair.slice(0, at));
    const value = formDecoded(at < 0 ? '' : pair.slice(at + 1));
    if (key === undefined || value === undefined || tags.some((other) => other.key === key)) {
      throw new S3Error('InvalidArgument', {
        message:
          "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
        fields: { ArgumentName: 'x-amz-tagging', ArgumentValue: header },
      });
    }
    tags.push({ key, value });
    // Not to compare each with thousands.
    if (tags.length > tagLimits.object.count) break;
  }
  checkTags(tags, 'object');
  return tags;
}

/** For tags of documents and of `x-amz-tagging` alike. Throws InvalidTag, BadRequest. */
export function checkTags(tags: readonly Tag[], kind: TaggedKind): void {
  const { count, tooMany, system } = tagLimits[kind];
  if (tags.length > count) throw new S3Error('BadRequest', { message: tooMany });
  const keys = new Set<string>();
  for (const { key, value } of tags) {
    const fields = { TagKey: key };
    if (keys.has(key)) {
      throw new S3Error('InvalidTag', { message: 'Cannot provide multiple Tags with the same key', fields });
    }
    keys.add(key);
    if (key.startsWith('aws:')) throw new S3Error('InvalidTag', { message: system, fields });
    if (key === '' || key.length > keyLengthMax || !allowed.test(key)) {
      throw new S3Error('InvalidTag', { message: 'The TagKey you have provided is invalid', fields });
    }
    if (value.length > valueLengthMax || !allowed.test(value)) {
      const message = 'The TagValue you have provided is invalid';
      throw new S3Error('InvalidTag', { message, fields: { ...fields, TagValue: value } });
    }
  }
}
