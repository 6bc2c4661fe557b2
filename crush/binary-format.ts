/** The numbers of Ceph's binary CRUSH map, shared by its encoder and its decoder. */
import type { BucketAlgorithm, RuleStep } from './types.js';

export const binaryMagic = 0x00010000;

export const algorithmNumbers: Readonly<Record<BucketAlgorithm, number>> = {
  uniform: 1,
  list: 2,
  tree: 3,
  straw: 4,
  straw2: 5,
};

export const stepNumbers: Readonly<Record<RuleStep['op'], number>> = {
  noop: 0,
  take: 1,
  'choose-firstn': 2,
  'choose-indep': 3,
  emit: 4,
  'chooseleaf-firstn': 6,
  'chooseleaf-indep': 7,
  'set-choose-tries': 8,
  'set-chooseleaf-tries': 9,
  'set-choose-local-tries': 10,
  'set-choose-local-fallback-tries': 11,
  'set-chooseleaf-vary-r': 12,
  'set-chooseleaf-stable': 13,
};

/** Whether `bytes` start as a binary map does; a text map never does, since its first byte would be a NUL. */
export function isCrushBinary(bytes: Uint8Array): boolean {
  return bytes.byteLength >= 4 && bytes[0] === 0 && bytes[1] === 0 && bytes[2] === 1 && bytes[3] === 0;
}
