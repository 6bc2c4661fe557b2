/**
 * RFC 2047 encoded words: how text that is not ASCII goes through headers. S3 decodes those that it is sent (AWS, "Working with
 * object metadata") and returns text that is not ASCII as such.
 */
import { isWellFormed, utf8Bytes, utf8Text } from '../../base/bytes.js';

/** What goes into a header as it is: printable ASCII that nobody takes for an encoded word. */
export function isPlainHeaderText(text: string): boolean {
  return /^[\x20-\x7e\t]*$/.test(text) && text === text.trim() && !text.includes('=?');
}

/**
 * `text` as it goes into a header: itself, or `=?UTF-8?B?...?=`, several words with spaces between where one would be longer than the
 * 75 characters of RFC 2047. Lone surrogates become U+FFFD.
 */
export function headerText(text: string): string {
  if (isPlainHeaderText(text)) return text;
  const words: string[] = [];
  let word = '';
  let bytes = 0;
  for (const character of text) {
    const more = utf8Bytes(character).byteLength;
    if (bytes + more > wordBytesMax) {
      words.push(word);
      word = '';
      bytes = 0;
    }
    word += character;
    bytes += more;
  }
  words.push(word);
  return words.map((part) => `=?UTF-8?B?${Buffer.from(part).toString('base64')}?=`).join(' ');
}

/** 75 less `=?UTF-8?B?` and `?=` are 63 characters: 15 groups of base64, of 3 bytes each. */
const wordBytesMax = 45;

const encodedWord = /=\?([!-<>@-~]{1,40})\?([BbQq])\?([!->@-~]*)\?=/g;

/**
 * `text` with its encoded words decoded; space between two of them goes. Words of charsets other than UTF-8, ASCII and ISO-8859-1, and
 * ones that are malformed, stay as they are. The result may have any characters, line breaks among them.
 */
export function decodeEncodedWords(text: string): string {
  if (!text.includes('=?')) return text;
  let result = '';
  let end = 0;
  let afterWord = false;
  for (const match of text.matchAll(encodedWord)) {
    const [word, charset = '', encoding = '', payload = ''] = match;
    const between = text.slice(end, match.index);
    const decoded = decodeWord(charset, encoding, payload);
    if (!(afterWord && decoded !== undefined && /^[ \t]*$/.test(between))) result += between;
    result += decoded ?? word;
    afterWord = decoded !== undefined;
    end = match.index + word.length;
  }
  return result + text.slice(end);
}

function decodeWord(charset: string, encoding: string, payload: string): string | undefined {
  const bytes = encoding.toUpperCase() === 'B' ? base64Bytes(payload) : quotedBytes(payload);
  if (bytes === undefined) return undefined;
  // RFC 2231 allows a language after the charset.
  const name = charset.toLowerCase().replace(/\*.*$/, '');
  if (name === 'iso-8859-1') return Buffer.from(bytes).toString('latin1');
  if (name !== 'utf-8' && name !== 'us-ascii') return undefined;
  try {
    const text = utf8Text(bytes);
    return isWellFormed(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

function base64Bytes(payload: string): Uint8Array | undefined {
  return /^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/.test(payload)
    ? Buffer.from(payload, 'base64')
    : undefined;
}

function quotedBytes(payload: string): Uint8Array | undefined {
  if (/=(?![\dA-Fa-f]{2})/.test(payload)) return undefined;
  const latin1 = payload
    .replaceAll('_', ' ')
    .replace(/=([\dA-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(latin1, 'latin1');
}
