/** Tags of objects and buckets: their limits, and `<Tagging>` both ways. */
import { S3Error } from '../s3-error.js';
import { childrenOf, fieldsOf, readDocument, required, textOf } from './document.js';
import type { XmlElement } from './element.js';
import { malformed } from './malformed.js';
import { XmlWriter } from './writer.js';

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

/** 50 tags of the longest, each character a reference of seven bytes; twice that for white space and names. */
const limits = { bytesMax: 512 * 1024, elementsMax: 1_000 };

/** The tags of `PutObjectTagging` and `PutBucketTagging`. Throws MalformedXML, InvalidTag, BadRequest. */
export function parseTagging(bytes: Uint8Array, kind: TaggedKind): readonly Tag[] {
  const root = readDocument(bytes, ['Tagging'], limits);
  return parseTags(required(fieldsOf(root, ['TagSet']), 'TagSet'), kind);
}

/** `<Tag>`s in `set`. */
export function parseTags(set: XmlElement, kind: TaggedKind): readonly Tag[] {
  const tags = childrenOf(set).map((element) => {
    if (element.name !== 'Tag') throw malformed(`${set.name} has an unknown element`);
    const fields = fieldsOf(element, ['Key', 'Value']);
    return { key: textOf(required(fields, 'Key')), value: textOf(required(fields, 'Value')) };
  });
  checkTags(tags, kind);
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

export function writeTagging(tags: readonly Tag[]): Uint8Array {
  const out = new XmlWriter('Tagging').start('TagSet');
  for (const { key, value } of tags) out.start('Tag').text('Key', key).text('Value', value).end();
  return out.end().bytes();
}
