import assert from 'node:assert/strict';
import { cephConf, parseCephSettings } from '../../../bench/ceph/ceph-conf.js';

const options = { directory: '/d', fsid: 'f', port: 6789, osdMemoryBytes: 1, osdBytes: 2 };

describe("bench: Ceph's settings", () => {
  it('keep every file below the directory and every address on the loopback', () => {
    const lines = cephConf({ ...options, settings: {} }).split('\n');
    for (const line of lines.filter((text) => /= \S*\//.test(text))) assert.match(line, /= \/d\//);
    for (const line of lines.filter((text) => / (?:addr|host) =/.test(text)))
      assert.match(line, /= (?:v2:)?127\.0\.0\.1/);
    assert.ok(lines.includes('admin socket = '), 'the default is below /var/run');
  });

  it('take others from the command line', () => {
    const settings = parseCephSettings('bluestore debug enforce settings = ssd, osd memory target=5,');
    assert.deepEqual(settings, { 'bluestore debug enforce settings': 'ssd', 'osd memory target': '5' });
    const lines = cephConf({ ...options, settings }).split('\n');
    assert.ok(lines.indexOf('bluestore debug enforce settings = ssd') < lines.indexOf('[mgr]'));
    assert.ok(lines.includes('osd memory target = 5') && !lines.includes('osd memory target = 1'));
  });

  for (const text of ['ssd', '=ssd']) {
    it(`refuse '${text}'`, () => {
      assert.throws(() => parseCephSettings(text), /is not NAME=VALUE/);
    });
  }
});
