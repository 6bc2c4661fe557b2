/** `--pg-num POOL:N`: what only the cluster knows, for commands that work without it. */
import { InvalidArgumentError } from 'commander';

/** Adds to the map that earlier ones made. */
export function parsePgNum(text: string, before: ReadonlyMap<number, number> = new Map()): ReadonlyMap<number, number> {
  const [, pool, count] = /^([0-9]{1,10}):([0-9]{1,6})$/.exec(text) ?? [];
  const [poolNumber, pgNum] = [Number(pool), Number(count)];
  if (poolNumber >= 1 && poolNumber < 2 ** 31 && pgNum >= 1) return new Map([...before, [poolNumber, pgNum]]);
  throw new InvalidArgumentError('Write POOL:N, as 3:64, with the number of the pool and its pg_num.');
}
