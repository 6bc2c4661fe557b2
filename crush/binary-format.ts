/** How a binary CRUSH map begins. */
export const binaryMagic = 0x00010000;

/** Whether `bytes` start as a binary map does; a text map never does, since its first byte would be a NUL. */
export function isCrushBinary(bytes: Uint8Array): boolean {
  return bytes.byteLength >= 4 && bytes[0] === 0 && bytes[1] === 0 && bytes[2] === 1 && bytes[3] === 0;
}
