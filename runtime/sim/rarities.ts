/** How often `rare(name)` is true: in each world some names never, some now and then, some half of the time. */
import { Prng } from './prng.js';

const probabilities = [0, 0.01, 0.1, 0.5];

export class Rarities {
  readonly #seed: string;
  readonly #never: ReadonlySet<string>;
  readonly #known = new Map<string, { prng: Prng; probability: number }>();

  constructor(seed: string, never: readonly string[] = []) {
    this.#seed = seed;
    this.#never = new Set(never);
  }

  happens(name: string): boolean {
    if (this.#never.has(name)) return false;
    let rarity = this.#known.get(name);
    if (rarity === undefined) {
      const prng = new Prng(`${this.#seed}/rare/${name}`);
      rarity = { prng, probability: prng.pick(probabilities) };
      this.#known.set(name, rarity);
    }
    return rarity.prng.chance(rarity.probability);
  }
}
