/** Names of XML 1.0 (productions 4 and 4a). */

const startCharacters =
  ':A-Z_a-z\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u02ff\\u0370-\\u037d\\u037f-\\u1fff\\u200c\\u200d\\u2070-\\u218f' +
  '\\u2c00-\\u2fef\\u3001-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\ufffd\\u{10000}-\\u{effff}';
const name = new RegExp(`[${startCharacters}][${startCharacters}\\-.0-9\\u00b7\\u0300-\\u036f\\u203f\\u2040]*`, 'uy');

/** The name that begins at `index`, colons included; `undefined` for none. */
export function nameAt(text: string, index: number): string | undefined {
  let end = index;
  while (isAsciiLetter(text.charCodeAt(end))) end += 1;
  // Nearly all names are letters only; the regular expression takes ten times as long.
  if (end > index && isDelimiter(text.charCodeAt(end))) return text.slice(index, end);
  name.lastIndex = index;
  return name.exec(text)?.[0];
}

function isAsciiLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a);
}

/** `>`, `/`, `=`, a space: what no name has. */
function isDelimiter(code: number): boolean {
  return code === 0x3e || code === 0x2f || code === 0x3d || code === 0x20;
}

/** Whether all of `text` is a name without a colon. */
export function isLocalName(text: string): boolean {
  return !text.includes(':') && text !== '' && nameAt(text, 0) === text;
}
