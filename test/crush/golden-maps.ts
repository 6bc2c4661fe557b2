/** The checked-in text maps of golden/, which span what maps can hold. */
import { readFileSync, readdirSync } from 'node:fs';

const folder = new URL('../../../test/crush/golden/maps/', import.meta.url);

export interface GoldenMap {
  readonly name: string;
  readonly text: string;
}

export const goldenMaps: readonly GoldenMap[] = readdirSync(folder)
  .filter((name) => name.endsWith('.txt'))
  .sort()
  .map((name) => ({ name, text: readFileSync(new URL(name, folder), 'utf8') }));
