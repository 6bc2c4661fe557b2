import type { CliContext } from './context.js';

/** A pipe takes 64 KiB at once; longer chunks only wait in memory. */
const chunkLengthMax = 64 * 1024;

/** Gathers lines into chunks, so that a million short lines do not cost a million writes. Ends with `flush`. */
export class ChunkedPrinter {
  readonly #context: CliContext;
  #lines: string[] = [];
  #length = 0;

  constructor(context: CliContext) {
    this.#context = context;
  }

  print(text: string): void {
    this.#lines.push(text);
    this.#length += text.length;
    if (this.#length >= chunkLengthMax) this.flush();
  }

  flush(): void {
    if (this.#length > 0) this.#context.print(this.#lines.join(''));
    this.#lines = [];
    this.#length = 0;
  }
}
