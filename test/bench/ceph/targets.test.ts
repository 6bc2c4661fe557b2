import assert from 'node:assert/strict';
import { targetRatio } from '../../../bench/ceph/targets.js';

describe('bench: targets beside Ceph', () => {
  const cases = [
    { kind: 'write', bytes: 4096, inFlight: 1, target: undefined },
    { kind: 'write', bytes: 4096, inFlight: 16, target: 5 },
    { kind: 'write', bytes: 4096, inFlight: 64, target: 5 },
    { kind: 'read', bytes: 4096, inFlight: 16, target: 2 },
    { kind: 'read', bytes: 65_536, inFlight: 64, target: undefined },
    { kind: 'write', bytes: 4_194_304, inFlight: 1, target: 1 },
    { kind: 'read', bytes: 4_194_304, inFlight: 64, target: 1 },
  ] as const;
  for (const { target, ...load } of cases) {
    it(`${load.kind}s of ${load.bytes} bytes, ${load.inFlight} in flight: ${target ?? 'none'}`, () => {
      assert.equal(targetRatio(load), target);
    });
  }
});
