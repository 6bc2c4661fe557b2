import assert from 'node:assert/strict';
import { clusterEntities, keyringText, newCephKey } from '../../../bench/ceph/keyring.js';

describe("bench: Ceph's keys", () => {
  it('are laid out as ceph-authtool makes them', () => {
    // Printed by `ceph-authtool --gen-print-key`.
    const theirs = Buffer.from('AQAjEAtrLgMXIxAAwj/plVoXILGEZFXbqbEKCQ==', 'base64');
    const ours = Buffer.from(newCephKey(), 'base64');
    assert.equal(ours.byteLength, theirs.byteLength);
    // The type, and the length of the secret; the instant between them is not looked at.
    assert.deepEqual(ours.subarray(0, 2), theirs.subarray(0, 2));
    assert.deepEqual(ours.subarray(10, 12), theirs.subarray(10, 12));
    assert.notEqual(newCephKey(), newCephKey());
  });

  it('stand in a keyring with what they allow', () => {
    const entity = { name: 'osd.0', key: 'AQ==', caps: { mon: 'allow profile osd', osd: 'allow *' } };
    assert.equal(
      keyringText([entity]),
      '[osd.0]\n\tkey = AQ==\n\tcaps mon = "allow profile osd"\n\tcaps osd = "allow *"\n',
    );
  });

  it('are there for each daemon and for the administrator', () => {
    const names = clusterEntities(3).map(({ name }) => name);
    assert.deepEqual(names, ['mon.', 'client.admin', 'mgr.x', 'osd.0', 'osd.1', 'osd.2']);
  });
});
