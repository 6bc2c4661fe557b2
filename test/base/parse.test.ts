import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseAddress, showAddress } from '../../base/parse-address.js';
import { parseBytes, showBytes } from '../../base/parse-bytes.js';
import { parseDuration, showDuration } from '../../base/parse-duration.js';
import { isCairnError } from '../../base/errors.js';

function refuses(parse: (text: string) => unknown, text: string): void {
  assert.throws(
    () => parse(text),
    (error) => isCairnError(error, 'PARSE_ERROR') && error.message.startsWith(`"${text}" is no`),
  );
}

describe('durations', () => {
  const good = { '0s': 0, '250ms': 250, '5s': 5_000, '1.5s': 1_500, '0.001s': 1, '10m': 600_000, '1h': 3_600_000 };
  for (const [text, ms] of Object.entries({ ...good, '2d': 172_800_000, '1.1h': 3_960_000, '0.1m': 6_000 })) {
    it(`reads ${text} as ${ms} ms`, () => assert.equal(parseDuration(text), ms));
  }
  for (const text of ['', '5', 's', '-5s', '5 s', '5S', '1h30m', '5sec', '1e3s', '0.5ms', '99999999999999d', '5s\n']) {
    it(`refuses ${JSON.stringify(text)}`, () => refuses(parseDuration, text));
  }
  it('are shown in their largest whole unit', () => {
    assert.deepEqual([0, 1, 1_500, 90_000, 120_000, 86_400_000].map(showDuration), [
      '0ms',
      '1ms',
      '1500ms',
      '90s',
      '2m',
      '1d',
    ]);
  });
  it('are read as they were shown', () => {
    fc.assert(fc.property(fc.nat(), (ms) => assert.equal(parseDuration(showDuration(ms)), ms)));
  });
});

describe('sizes', () => {
  const good = { '0': 0, '4096': 4096, '4096B': 4096, '1KiB': 1024, '64MiB': 2 ** 26, '1.5GiB': 1.5 * 2 ** 30 };
  for (const [text, bytes] of Object.entries({ ...good, '2TiB': 2 ** 41, '7PiB': 7 * 2 ** 50 })) {
    it(`reads ${text} as ${bytes} bytes`, () => assert.equal(parseBytes(text), bytes));
  }
  for (const text of ['', 'MiB', '-1', '64M', '64MB', '64 MiB', '64mib', '0.5B', '8PiB', '1e6', '64MiB ']) {
    it(`refuses ${JSON.stringify(text)}`, () => refuses(parseBytes, text));
  }
  it('explains the units to who wrote an ambiguous one', () => {
    for (const text of ['64MB', '64M', '1.5g', '64 MiB']) assert.throws(() => parseBytes(text), /powers of 1024/);
  });
  it('are read as they were shown', () => {
    assert.deepEqual([0, 1, 1000, 1024, 2 ** 26, 2 ** 50].map(showBytes), [
      '0B',
      '1B',
      '1000B',
      '1KiB',
      '64MiB',
      '1PiB',
    ]);
    fc.assert(fc.property(fc.maxSafeNat(), (bytes) => assert.equal(parseBytes(showBytes(bytes)), bytes)));
  });
});

describe('addresses', () => {
  const good = [
    { text: '10.0.0.1:7000', host: '10.0.0.1', port: 7000 },
    { text: 'mon-a.example:1', host: 'mon-a.example', port: 1 },
    { text: 'h:65535', host: 'h', port: 65_535 },
    { text: '[::1]:7000', host: '::1', port: 7000 },
    { text: '[2001:db8:0:0:0:0:0:1]:0', host: '2001:db8:0:0:0:0:0:1', port: 0 },
  ];
  for (const { text, host, port } of good) {
    it(`reads ${text} and shows it the same`, () => {
      assert.deepEqual(parseAddress(text), { host, port });
      assert.equal(showAddress({ host, port }), text);
    });
  }
  for (const text of ['', 'host', ':7000', 'host:', 'host:65536', '::1:7000', '[]:1', '[host]:1', '[1:2]:3', 'a b:1']) {
    it(`refuses ${JSON.stringify(text)}`, () => refuses(parseAddress, text));
  }
});
