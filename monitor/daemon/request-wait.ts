import type { MonotonicMs } from '../../base/instants.js';
import type { WaitOptions } from '../../runtime/clock.js';

export interface RequestOptions extends WaitOptions {
  /** The wire request that asks, for the level of credit of calls made on its behalf. */
  readonly within: { readonly level: number };
}

/**
 * The same wait with another deadline. Whose signal nobody asks for has none made (wire/incoming.ts), and most changes never
 * ask: so it is passed through, not read. Do not spread it: `signal` is a getter.
 */
export class RequestWait implements RequestOptions {
  readonly deadline: MonotonicMs | undefined;
  readonly within: RequestOptions['within'];
  readonly #source: Pick<WaitOptions, 'signal'>;

  constructor(
    source: Pick<WaitOptions, 'signal'>,
    { deadline, within }: { readonly deadline: MonotonicMs | undefined; readonly within: RequestOptions['within'] },
  ) {
    this.#source = source;
    this.deadline = deadline;
    this.within = within;
  }

  get signal(): AbortSignal | undefined {
    return this.#source.signal;
  }
}
