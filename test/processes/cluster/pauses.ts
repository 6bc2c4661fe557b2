/** The longest that clients waited, case by case: printed at the end, since the figures say more than that bounds were kept. */

export interface Pause {
  readonly what: string;
  readonly ms: number;
  readonly operations: number;
  /** Of the whole case, its checks included. */
  readonly caseMs: number;
}

export class Pauses {
  readonly #pauses: Pause[] = [];

  add(pause: Pause): void {
    this.#pauses.push(pause);
  }

  print(): void {
    const width = Math.max(0, ...this.#pauses.map(({ what }) => what.length));
    for (const { what, ms, operations, caseMs } of this.#pauses) {
      const seconds = (caseMs / 1_000).toFixed(1).padStart(5);
      const cells = [what.padEnd(width), `${ms.toFixed(0).padStart(6)} ms`, `${String(operations).padStart(6)} ops`];
      process.stdout.write(`  ${cells.join('  ')}  in ${seconds} s\n`);
    }
  }
}
