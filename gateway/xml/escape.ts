/**
 * Text as it stands in an answer. XML 1.0 has no way to write most control characters, and keys may hold them. AWS writes
 * references all the same (`&#x1;`), which strict parsers refuse: clients that may meet such keys ask for
 * `encoding-type=url`. To answer so leaves every other key of the listing readable, and a lenient parser reads all.
 */

/** What cannot stand in text as it is: markup, U+000D (parsers would read a line feed), and what XML 1.0 does not have. */
// oxlint-disable-next-line no-control-regex -- control characters are what it is about
const special = /[&<>"\u0000-\u0008\u000b-\u001f\ufffe\uffff]/;
// oxlint-disable-next-line no-control-regex
const everySpecial = /[&<>"\u0000-\u0008\u000b-\u001f\ufffe\uffff]/g;

const named: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
};

export function escapeText(text: string): string {
  return special.test(text) ? text.replace(everySpecial, reference) : text;
}

function reference(character: string): string {
  return named[character] ?? `&#x${character.charCodeAt(0).toString(16)};`;
}

const unreserved = /^[A-Za-z0-9\-_.*/]*$/;
/** What `encodeURIComponent` leaves and AWS does not. */
const further = /[!'()~]/g;

/**
 * A key, prefix, delimiter or marker under `encoding-type=url`: UTF-8, percent-encoded in upper case, as AWS does it: letters,
 * digits and `-_.*` stay, `/` too, a space becomes `+`. Clients decode it as form data.
 */
export function urlEncodeKey(key: string): string {
  if (unreserved.test(key)) return key;
  // A lone surrogate cannot come from a request, whose text is UTF-8; a listing does not fail for it.
  return encodeURIComponent(key.replace(/\p{Surrogate}/gu, '\ufffd'))
    .replaceAll('%2F', '/')
    .replaceAll('%20', '+')
    .replace(further, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
