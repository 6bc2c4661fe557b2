/** What writer and reader of the full map share. */

export const mapMagic = 'CMAP';

/** Numbers in the format: never changed, never reused. */
export const mapKinds = {
  head: 1,
  monitors: 2,
  osds: 3,
  crush: 4,
  pools: 5,
  records: 6,
  upmaps: 7,
  flags: 8,
  config: 9,
  entities: 10,
} as const;

/** A block is a step of its writer and of its reader: about a millisecond each. A reader takes blocks of any size. */
export const entriesPerBlock = 256;
export const recordsPerBlock = 1024;
