import { patternBytes } from '../../contract/harness.js';

export const recordBytes = 777;

export function recordOf(index: number): Uint8Array {
  return patternBytes(recordBytes, index);
}
