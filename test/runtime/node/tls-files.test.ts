import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isCairnError } from '../../../base/errors.js';
import { wallMs } from '../../../base/instants.js';
import { createNodeRuntime } from '../../../runtime/node/runtime.js';
import { readTls, type TlsPaths } from '../../../runtime/node/tls-files.js';
import { tlsOptions } from './tls-fixtures.js';

const folder = fileURLToPath(new URL('../../../../test/fixtures/tls/', import.meta.url));
const pem = (name: string): string => join(folder, `${name}.pem`);
const good: TlsPaths = { ca: pem('ca-cert'), cert: pem('monitor-cert'), key: pem('monitor-key') };

describe('files for TLS', () => {
  const { disk } = createNodeRuntime({ daemon: 'test', logLevel: 'error' });
  const clock = { wall: () => wallMs(1_767_225_600_000) };
  let directory = '';

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cairn-tls-'));
    await writeFile(join(directory, 'text.pem'), 'no PEM');
    await writeFile(join(directory, 'bytes.pem'), Uint8Array.of(0xff, 0xfe));
    await writeFile(join(directory, 'large.pem'), new Uint8Array(2 ** 20 + 1));
  });

  after(() => rm(directory, { recursive: true }));

  const read = (paths: Partial<TlsPaths>, commonName = 'mon.a') =>
    readTls({ disk, clock }, { ...good, ...paths }, commonName);

  it('are read, and are those that were named', async () => {
    assert.deepEqual(await read({}), tlsOptions('monitor'));
  });

  const own = (name: string): string => `OWN/${name}.pem`;
  const cases: readonly {
    name: string;
    paths?: Partial<TlsPaths>;
    commonName?: string;
    code?: string;
    says: RegExp;
  }[] = [
    {
      name: 'a file that is missing',
      paths: { cert: own('none') },
      code: 'NOT_FOUND',
      says: /^tls\.cert: .*none\.pem/,
    },
    { name: 'a file that is too large', paths: { ca: own('large') }, says: /^tls\.ca: .*large\.pem has 1048577 bytes/ },
    {
      name: 'an authority that is no certificate',
      paths: { ca: own('text') },
      says: /^tls\.ca: .*no certificate in PEM/,
    },
    { name: 'a certificate that is none', paths: { cert: own('text') }, says: /^tls\.cert: .*no certificate in PEM/ },
    { name: 'a certificate that is no text', paths: { cert: own('bytes') }, says: /^tls\.cert: .*bytes\.pem/ },
    { name: 'a key that is none', paths: { key: own('text') }, says: /^tls\.key: .*no private key in PEM/ },
    {
      name: 'a certificate for a key',
      paths: { key: pem('monitor-cert') },
      says: /^tls\.key: .*no private key in PEM/,
    },
    {
      name: 'the key of another one',
      paths: { key: pem('admin-key') },
      says: /admin-key\.pem does not belong to .*monitor-cert\.pem/,
    },
    {
      name: 'a certificate of somebody else',
      commonName: 'mon.b',
      says: /certificate of "mon\.a"; .* \(CN\) is mon\.b/,
    },
    {
      name: 'one that has expired',
      paths: { cert: pem('expired-cert'), key: pem('expired-key') },
      commonName: 'expired client',
      says: /expired-cert\.pem has expired \(Jan {2}2 .* 2020 GMT\); have the authority sign another one/,
    },
  ];
  for (const { name, paths = {}, commonName, code = 'INVALID_ARGUMENT', says } of cases) {
    it(`with ${name} are refused, with a word about which and why`, async () => {
      const real = Object.fromEntries(
        Object.entries(paths).map(([part, path]) => [part, path.replace('OWN', directory)]),
      );
      await assert.rejects(read(real, commonName), (error) => {
        assert.ok(isCairnError(error), String(error));
        assert.equal(error.code, code, error.message);
        assert.match(error.message, says);
        assert.ok(!error.message.includes('\n'));
        return true;
      });
    });
  }
});
