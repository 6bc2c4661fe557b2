import assert from 'node:assert/strict';
import { utf8Bytes, utf8Text } from '../../base/bytes.js';
import { isCairnError } from '../../base/errors.js';
import { decodeClusterConf, encodeClusterConf } from '../../cli/cluster-conf.js';

const credentials = {
  fsid: '0123456789abcdef0123456789abcdef',
  name: 'client.backup',
  key: Uint8Array.from({ length: 32 }, (_, i) => i),
  monitors: [
    { host: '10.0.0.1', port: 7000 },
    { host: 'fd00::1', port: 7001 },
  ],
};

/** What version 1 looks like for ever. */
const golden = `# cairn: client.backup of cluster 0123456789abcdef0123456789abcdef. Keep it private: it holds a key.
version: 1
fsid: 0123456789abcdef0123456789abcdef
monitors:
  - 10.0.0.1:7000
  - "[fd00::1]:7001"
name: client.backup
key: AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=
`;

describe('a configuration file of a cluster', () => {
  it('is written as version 1 has always been, and read back', () => {
    assert.equal(utf8Text(encodeClusterConf(credentials)), golden);
    assert.deepEqual(decodeClusterConf(utf8Bytes(golden), 'c.yaml'), credentials);
  });

  it('may name the files for TLS, as they are written', () => {
    const tls = { ca: 'ca.pem', cert: '/etc/cairn/backup.pem', key: '../key.pem' };
    const text = utf8Text(encodeClusterConf({ ...credentials, tls }));
    assert.equal(text, `${golden}tls:\n  ca: ca.pem\n  cert: /etc/cairn/backup.pem\n  key: ../key.pem\n`);
    assert.deepEqual(decodeClusterConf(utf8Bytes(text), 'c.yaml'), { ...credentials, tls });
  });

  it('keeps an fsid that looks like a number', () => {
    for (const fsid of ['0'.repeat(32), '1'.repeat(32), `1e${'0'.repeat(30)}`, `0x${'0'.repeat(30)}`]) {
      if (!/^[0-9a-f]{32}$/.test(fsid)) continue;
      assert.equal(decodeClusterConf(encodeClusterConf({ ...credentials, fsid }), 'c.yaml').fsid, fsid);
    }
  });

  const cases = [
    {
      name: 'a later version',
      text: golden.replace('version: 1', 'version: 2'),
      code: 'VERSION_MISMATCH',
      says: /version 2/,
    },
    { name: 'no version', text: golden.replace('version: 1\n', ''), code: 'PARSE_ERROR', says: /c\.yaml: version/ },
    {
      name: 'a key that is too short',
      text: golden.replace('key: AA', 'key: '),
      code: 'PARSE_ERROR',
      says: /c\.yaml: key: write 32 bytes/,
    },
    {
      name: 'an address without a port',
      text: golden.replace(':7000', ''),
      code: 'PARSE_ERROR',
      says: /"10\.0\.0\.1" is no address/,
    },
    {
      name: 'TLS without a key',
      text: `${golden}tls: {ca: a, cert: b}\n`,
      code: 'PARSE_ERROR',
      says: /c\.yaml: tls\.key/,
    },
    {
      name: 'something else under tls',
      text: `${golden}tls: {ca: a, cert: b, key: c, cipher: d}\n`,
      code: 'PARSE_ERROR',
      says: /cipher/,
    },
    { name: 'an unknown field', text: `${golden}colour: red\n`, code: 'PARSE_ERROR', says: /colour/ },
    {
      name: 'a line that is no YAML',
      text: golden.replace('key: ', 'key: "'),
      code: 'PARSE_ERROR',
      says: /no YAML at byte/,
    },
    { name: 'a field twice', text: `${golden}name: client.admin\n`, code: 'PARSE_ERROR', says: /no YAML at byte/ },
    {
      name: 'an alias',
      text: `${golden.replace('name: ', 'name: &n ')}other: *n\n`,
      code: 'PARSE_ERROR',
      says: /alias/,
    },
    { name: 'nothing', text: '', code: 'PARSE_ERROR', says: /c\.yaml is no configuration of a cluster; name a file/ },
    {
      name: 'a list',
      text: '- a\n',
      code: 'PARSE_ERROR',
      says: /c\.yaml is no configuration of a cluster; name a file/,
    },
  ];
  for (const c of cases) {
    it(`with ${c.name} is refused, without quoting the key`, () => {
      assert.throws(
        () => decodeClusterConf(utf8Bytes(c.text), 'c.yaml'),
        (error: unknown) => {
          assert.ok(isCairnError(error));
          assert.equal(error.code, c.code);
          assert.match(error.message, c.says);
          assert.ok(error.cause === undefined && !error.message.includes('AwQFBg'));
          return true;
        },
      );
    });
  }

  it('that is no text is refused', () => {
    assert.throws(() => decodeClusterConf(Uint8Array.of(0xff, 0xfe), 'c.yaml'), { code: 'PARSE_ERROR' });
  });
});
