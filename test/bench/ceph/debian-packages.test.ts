import assert from 'node:assert/strict';
import { missingPackages, missingText } from '../../../bench/ceph/debian-packages.js';

describe("bench: Ceph's packages", () => {
  const cases = [
    { name: 'nothing is missing when every program is there', absent: [], missing: [] },
    { name: 'a package with two programs is named once', absent: ['ceph', 'rados'], missing: ['ceph-common'] },
    { name: 'one program is enough', absent: ['rados', 'ceph-osd'], missing: ['ceph-osd', 'ceph-common'] },
  ];
  for (const { name, absent, missing } of cases) {
    it(name, () => {
      const gone = new Set<string>(absent);
      assert.deepEqual(
        missingPackages((program) => !gone.has(program)),
        missing,
      );
    });
  }

  it('are named with the command that installs them', () => {
    assert.match(missingText(['ceph-mon', 'ceph-osd']), /apt-get install --no-install-recommends ceph-mon ceph-osd$/);
  });
});
