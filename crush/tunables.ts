import type { Tunables } from './types.js';

/** Ceph's named profiles (https://docs.ceph.com/en/latest/rados/operations/crush-map/#tunables). */
export type TunablesProfile = 'legacy' | 'argonaut' | 'bobtail' | 'firefly' | 'hammer' | 'jewel';

/** uniform, list, straw: what maps may use before straw2. */
const algorithmsBeforeStraw2 = (1 << 1) | (1 << 2) | (1 << 4);
const algorithmsWithStraw2 = algorithmsBeforeStraw2 | (1 << 5);

const legacy: Tunables = {
  chooseLocalTries: 2,
  chooseLocalFallbackTries: 5,
  chooseTotalTries: 19,
  chooseleafDescendOnce: 0,
  chooseleafVaryR: 0,
  chooseleafStable: 0,
  strawCalcVersion: 0,
  allowedBucketAlgs: algorithmsBeforeStraw2,
};

const bobtail: Tunables = {
  ...legacy,
  chooseLocalTries: 0,
  chooseLocalFallbackTries: 0,
  chooseTotalTries: 50,
  chooseleafDescendOnce: 1,
};

const firefly: Tunables = { ...bobtail, chooseleafVaryR: 1 };
const hammer: Tunables = { ...firefly, allowedBucketAlgs: algorithmsWithStraw2 };
const jewel: Tunables = { ...hammer, chooseleafStable: 1 };

export const tunablesProfiles: Readonly<Record<TunablesProfile, Tunables>> = {
  legacy,
  argonaut: legacy,
  bobtail,
  firefly,
  hammer,
  jewel,
};
