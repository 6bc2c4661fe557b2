import { urlEncodeKey } from './escape.js';

/** `encoding-type` of a list: `url` for clients whose XML parser does not read every character that a key may have. */
export type EncodingType = 'url' | undefined;

/** How keys, prefixes, delimiters and key markers of this list are written. Not version ids, upload ids and tokens. */
export function keyEncoder(encodingType: EncodingType): (key: string) => string {
  return encodingType === 'url' ? urlEncodeKey : (key) => key;
}
