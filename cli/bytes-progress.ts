/** How far a long command has come, on one line of stderr that is written over, where a person sees it. */
import { bytesText } from './bytes-text.js';
import type { CliContext } from './context.js';

/** Written at most once for each percent. */
export class BytesProgress {
  readonly #context: CliContext;
  readonly #what: string;
  #shown = -1;

  constructor(context: CliContext, what: string) {
    this.#context = context;
    this.#what = what;
  }

  /** `total` 0: unknown. */
  update(bytes: number, total: number): void {
    if (!this.#context.isNoteTerminal) return;
    const step = total > 0 ? Math.floor((100 * bytes) / total) : Math.floor(bytes / 2 ** 24);
    if (step === this.#shown) return;
    this.#shown = step;
    const share = total > 0 ? `${step} % of ${bytesText(total)}` : bytesText(bytes);
    this.#context.note(`\r\x1b[K${this.#what}: ${share}`);
  }

  /** The line goes. */
  end(): void {
    if (this.#shown >= 0) this.#context.note('\r\x1b[K');
    this.#shown = -1;
  }
}
