/** `<Tagging>` both ways. */
import { checkTags, type Tag, type TaggedKind } from '../s3/tagging.js';
import { childrenOf, fieldsOf, readDocument, required, textOf } from './document.js';
import type { XmlElement } from './element.js';
import { malformed } from './malformed.js';
import { XmlWriter } from './writer.js';

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

export function writeTagging(tags: readonly Tag[]): Uint8Array {
  const out = new XmlWriter('Tagging').start('TagSet');
  for (const { key, value } of tags) out.start('Tag').text('Key', key).text('Value', value).end();
  return out.end().bytes();
}
