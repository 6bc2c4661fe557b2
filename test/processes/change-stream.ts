/**
 * Changes in a steady stream, and what became of each. Every change makes an entity of a new name, and its answer says
 * whether that name was new: an answer that says no means that the change was decided twice.
 */
import { CairnError } from '../../base/errors.js';
import { authAdd, authLs } from '../../protocol/commands/auth.js';
import type { MonitorClient } from '../../protocol/monitor-client.js';
import { here, until, within } from './children.js';

/** A failover fits in many times over. */
const changeMs = 20_000;
/** So that a fast machine does not fill the map: a few hundred a second say as much as thousands. */
const pauseMs = 4;

export class ChangeStream {
  readonly acknowledged = new Set<string>();
  /** Acknowledged as if they had been there before. */
  readonly twice: string[] = [];
  readonly errors: CairnError[] = [];
  /** Between two acknowledgements. */
  longestGapMs = 0;
  readonly #client: MonitorClient;
  readonly #prefix: string;
  #lastAt = here.clock.now();
  #number = 0;
  #isStopping = false;
  readonly #workers: readonly Promise<void>[];

  constructor(client: MonitorClient, prefix: string, inFlight = 4) {
    this.#client = client;
    this.#prefix = prefix;
    this.#workers = Array.from({ length: inFlight }, () => this.#work());
  }

  /** Waits until so many more were acknowledged. */
  async progress(count = 20): Promise<void> {
    const wanted = this.acknowledged.size + count;
    await until(`${count} changes are acknowledged`, () => this.acknowledged.size >= wanted, {
      withinMs: changeMs,
      describe: () => this.errors.map(({ message }) => message).join('\n'),
    });
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#workers);
  }

  /** Acknowledged names that the cluster does not have. */
  async lost(): Promise<readonly string[]> {
    const present = await entityNames(this.#client);
    return [...this.acknowledged].filter((name) => !present.has(name));
  }

  async #work(): Promise<void> {
    while (!this.#isStopping) {
      this.#number += 1;
      const name = `client.${this.#prefix}-${this.#number}`;
      try {
        const { isNew } = await this.#client.change(authAdd, { name, caps: [['mon', 'allow r']] }, within(changeMs));
        const now = here.clock.now();
        this.longestGapMs = Math.max(this.longestGapMs, now - this.#lastAt);
        this.#lastAt = now;
        this.acknowledged.add(name);
        if (!isNew) this.twice.push(name);
      } catch (error) {
        if (!(error instanceof CairnError)) throw error;
        this.errors.push(error);
      }
      await here.clock.sleep(pauseMs);
    }
  }
}

export async function entityNames(client: MonitorClient): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  let after = '';
  for (;;) {
    const { result } = await client.query(authLs, { after }, within(15_000));
    for (const { name } of result.entities) names.add(name);
    const last = result.entities.at(-1);
    if (!result.hasMore || last === undefined) return names;
    after = last.name;
  }
}
