/** Memory of this process after the collector ran: needs `--expose-gc`. */
export interface Memory {
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
}

export async function memory(): Promise<Memory> {
  // Twice: what a finalizer lets go is collected by the next.
  for (let i = 0; i < 2; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rssBytes: rss, heapBytes: heapUsed, externalBytes: external };
}
