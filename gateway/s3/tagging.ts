/** Tags of objects and buckets. */
import { S3Error } from '../s3-error.js';
import { formDecoded } from './percent-encoding.js';

export const objectTagsMax = 10;
export const bucketTagsMax = 50;
const keyCharactersMax = 128;
const valueCharactersMax = 256;

/** In the order given. */
export type Tags = ReadonlyMap<string, string>;

/** Letters, digits and spaces of any script, and `+ - = . _ : / @`. */
const allowed = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/**
 * Of `x-amz-tagging`: `a=1&b=2`, encoded as forms are; a key without `=` has an empty value. Throws `InvalidArgument` where it is not
 * that or has a key twice, and `InvalidTag`.
 */
export function parseTaggingHeader(header: string): Tags {
  const tags: [string, string][] = [];
  for (const pair of header.split('&')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const key = formDecoded(at < 0 ? pair : pair.slice(0, at));
    const value = formDecoded(at < 0 ? '' : pair.slice(at + 1));
    if (key === undefined || value === undefined || tags.some(([other]) => other === key)) {
      throw new S3Error('InvalidArgument', {
        message:
          "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
        fields: { ArgumentName: 'x-amz-tagging', ArgumentValue: header },
      });
    }
    tags.push([key, value]);
    if (tags.length > objectTagsMax) throw tooMany(objectTagsMax);
  }
  return checkedTags(tags, objectTagsMax);
}

/** Of a document: throws `InvalidTag`. `countMax`: `objectTagsMax` or `bucketTagsMax`. */
export function checkedTags(tags: readonly (readonly [string, string])[], countMax: number): Tags {
  if (tags.length > countMax) throw tooMany(countMax);
  const checked = new Map<string, string>();
  for (const [key, value] of tags) {
    if (key === '' || characters(key) > keyCharactersMax || !allowed.test(key)) {
      throw new S3Error('InvalidTag', { message: 'The TagKey you have provided is invalid', fields: { TagKey: key } });
    }
    if (key.startsWith('aws:')) {
      throw new S3Error('InvalidTag', {
        message: 'System tags cannot be added/updated by requester',
        fields: { TagKey: key },
      });
    }
    if (characters(value) > valueCharactersMax || !allowed.test(value)) {
      throw new S3Error('InvalidTag', {
        message: 'The TagValue you have provided is invalid',
        fields: { TagKey: key, TagValue: value },
      });
    }
    if (checked.has(key)) {
      throw new S3Error('InvalidTag', {
        message: 'Cannot provide multiple Tags with the same key',
        fields: { TagKey: key },
      });
    }
    checked.set(key, value);
  }
  return checked;
}

function tooMany(countMax: number): S3Error {
  const owner = countMax === objectTagsMax ? 'Object tags' : 'Bucket tag count';
  return new S3Error('InvalidTag', { message: `${owner} cannot be greater than ${countMax}` });
}

/** Unicode characters: a surrogate pair is one. */
function characters(text: string): number {
  return Array.from(text).length;
}
