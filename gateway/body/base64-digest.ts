/** Digests as headers and documents carry them. */

export function base64Text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** `undefined` unless `text` is the base64, padded, of just so many bytes. */
export function parseBase64(text: string, bytes: number): Uint8Array | undefined {
  // Node takes anything for base64: what it makes of it has to be the same text again.
  if (text.length !== Math.ceil(bytes / 3) * 4) return undefined;
  const decoded = Buffer.from(text, 'base64');
  return decoded.byteLength === bytes && decoded.toString('base64') === text ? decoded : undefined;
}
