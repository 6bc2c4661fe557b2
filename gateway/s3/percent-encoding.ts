/** `%41` in paths and in headers that carry parts of URLs. */

/** Decoded once; `undefined` where `%` is not followed by two hex digits or the bytes are not UTF-8. `+` stays. */
export function percentDecoded(text: string): string | undefined {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** As forms encode (`application/x-www-form-urlencoded`): `+` is a space. */
export function formDecoded(text: string): string | undefined {
  return percentDecoded(text.replaceAll('+', ' '));
}
