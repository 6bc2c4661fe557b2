/** Of which arrays it is known that they begin at a page of the system: `O_DIRECT` takes no others. */

export const pageBytes = 4096;

/** Of WebAssembly's pages. */
const growthBytes = 65_536;

const known = new WeakSet<ArrayBufferLike>();

interface MemoryClass {
  readonly Memory: new (limits: { readonly initial: number; readonly maximum: number }) => {
    readonly buffer: ArrayBuffer;
  };
}

/** Only WebAssembly's memory begins at a page and is as fast to read and write as any other. */
export function takePages(bytes: number): Uint8Array {
  const { Memory } = (globalThis as unknown as { readonly WebAssembly: MemoryClass }).WebAssembly;
  const count = Math.ceil(bytes / growthBytes);
  const { buffer } = new Memory({ initial: count, maximum: count });
  known.add(buffer);
  return new Uint8Array(buffer, 0, bytes);
}

export function isAtPage({ buffer, byteOffset }: Uint8Array): boolean {
  return byteOffset % pageBytes === 0 && known.has(buffer);
}
