import assert from 'node:assert/strict';
import { cpuTimes, parseCpuTimes } from '../../bench/proc-stat.js';

describe('bench: /proc/PID/stat', () => {
  it('is read from behind the name, whatever that has in it', () => {
    const rest =
      'S 1 20275 20275 0 -1 4194560 5841 100 0 0 123 45 6 7 20 0 61 0 37420 1187782656 12950 18446744073709551615';
    for (const name of ['(ceph-osd)', '(a) b (c)', '(tokio 1 2)']) {
      assert.deepEqual(parseCpuTimes(`20275 ${name} ${rest}\n`), { own: 1_680_000, children: 130_000 });
    }
  });

  it('is refused when it is cut off', () => {
    assert.throws(() => parseCpuTimes('20275 (ceph-osd) S 1 20275'), /not a process's stat/);
  });

  it('is there of this process', () => {
    assert.ok(cpuTimes(process.pid).own > 0);
  });
});
