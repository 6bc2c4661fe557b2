/** A cluster whose monitors use TLS, as an operator makes it: certificates named in settings files and by flags. */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { printAddress } from '../../protocol/address-text.js';
import { Children, here, type Running, until } from './children.js';
import { freeAddress } from './monitor-processes.js';

const fixtures = fileURLToPath(new URL('../../../test/fixtures/tls/', import.meta.url));

function flags(name: string, ca = 'ca'): string[] {
  return ['--tls-ca', `${ca}-cert.pem`, '--tls-cert', `${name}-cert.pem`, '--tls-key', `${name}-key.pem`];
}

describe('monitors with TLS', function () {
  this.timeout(60_000);
  const children = new Children();
  const daemons: Running[] = [];
  let directory = '';
  let address = '';
  let admin = '';

  const inDirectory = (args: readonly string[]): string[] =>
    args.map((arg) => (/\.(pem|yaml)$/.test(arg) ? join(directory, arg) : arg));

  async function cairn(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const running = children.cairn(inDirectory(args), { env });
    const { code } = await running.end(40_000);
    return { code, stdout: running.stdout, stderr: running.stderr };
  }

  async function succeeds(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
    const { code, stdout, stderr } = await cairn(args, env);
    assert.equal(code, 0, stderr);
    return stdout;
  }

  async function fails(args: readonly string[], says: RegExp): Promise<void> {
    const { code, stderr } = await cairn(args);
    assert.equal(code, 1, stderr);
    assert.match(stderr, says);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
  }

  const run = (conf: string): Running => {
    const daemon = children.cairn(['monitor', 'run', '--conf', join(directory, conf)]);
    daemons.push(daemon);
    return daemon;
  };

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cairn-monitors-tls-'));
    await cp(fixtures, directory, { recursive: true });
    address = printAddress(await freeAddress());
    const place = ['--address', address, '--directory', join(directory, 'a')];
    const files = ['--conf', 'a.yaml', '--admin-conf', 'admin.yaml'];
    await succeeds(['monitor', 'init', '--name', 'a', ...place, ...files, ...flags('monitor')]);
    admin = await readFile(join(directory, 'admin.yaml'), 'utf8');
    await writeFile(
      join(directory, 'tls.yaml'),
      `${admin}tls: {ca: ca-cert.pem, cert: admin-cert.pem, key: admin-key.pem}\n`,
    );
    run('a.yaml');
    await succeeds(['--conf', 'tls.yaml', 'status', '--json']);
  });

  after(async () => {
    await children.endAll();
    await rm(directory, { recursive: true, force: true });
  });

  it('write the certificates of a monitor into its file, beside which they stand', async () => {
    const text = await readFile(join(directory, 'a.yaml'), 'utf8');
    assert.match(text, /\ntls:\n {2}ca: ca-cert\.pem\n {2}cert: monitor-cert\.pem\n {2}key: monitor-key\.pem\n/);
  });

  it('let in who has a certificate: named in the file, by flags, or by the environment', async () => {
    const fsid = await succeeds(['--conf', 'tls.yaml', 'fsid']);
    assert.match(fsid, /^[0-9a-f]{32}\n$/);
    assert.equal(await succeeds(['--conf', 'admin.yaml', 'fsid', ...flags('admin')]), fsid);
    const env = {
      CAIRN_TLS_CA: join(directory, 'ca-cert.pem'),
      CAIRN_TLS_CERT: join(directory, 'admin-cert.pem'),
      CAIRN_TLS_KEY: join(directory, 'admin-key.pem'),
    };
    assert.equal(await succeeds(['--conf', 'admin.yaml', 'fsid'], env), fsid);
  });

  it('tell who has none what to do, within seconds', async () => {
    const begun = here.clock.now();
    await fails(
      ['--conf', 'admin.yaml', 'fsid'],
      /without a word; if it uses TLS, name ca, cert and key under tls: .*--tls-ca/,
    );
    assert.ok(here.clock.now() - begun < 15_000, 'before the deadline of the command');
  });

  it('refuse a certificate of another authority, and are refused by who trusts another one', async () => {
    await fails(
      ['--conf', 'admin.yaml', 'fsid', ...flags('impostor')],
      /did not accept the TLS certificate of this end/,
    );
    await fails(
      ['--conf', 'tls.yaml', 'fsid', '--tls-ca', 'other-ca-cert.pem'],
      /TLS handshake .* failed: .*comes from our CA/,
    );
  });

  it('want the certificate of whoever it is: named before anything is sent', async () => {
    await fails(
      ['--conf', 'tls.yaml', 'fsid', ...flags('monitor')],
      /certificate of "mon\.a"; .*client\.admin is needed/,
    );
    await fails(
      ['--conf', 'admin.yaml', 'fsid', '--tls-key', 'admin-key.pem'],
      /name ca and cert too, .*--tls-ca and --tls-cert/,
    );
  });

  it('keep a client in that changes its own key, and tell of what another one needs', async () => {
    await succeeds(['--conf', 'tls.yaml', 'auth', 'rotate', 'client.admin', '-o', 'tls.yaml']);
    await succeeds(['--conf', 'tls.yaml', 'fsid']);
    const { stderr } = await cairn(['--conf', 'tls.yaml', 'auth', 'add', 'client.x', 'mon', 'allow r', '-o', 'x.yaml']);
    assert.match(stderr, /add ca, cert and key to .*x\.yaml, under tls:, .* common name is client\.x\n/);
  });

  it('take another monitor in, with a certificate of its own, and keep it in its file', async () => {
    const added = await succeeds(['--conf', 'tls.yaml', 'mon', 'add', 'b', '--json']);
    const { token, command } = JSON.parse(added) as { token: string; command: string };
    assert.match(command, /--tls-ca \S+ --tls-cert \/etc\/cairn\/mon\.b-cert\.pem --tls-key \S+\n/);
    const place = ['--address', printAddress(await freeAddress()), '--directory', join(directory, 'b')];
    await succeeds(['monitor', 'join', token, ...place, '--conf', 'b.yaml', ...flags('second')]);
    const daemon = run('b.yaml');
    await until(
      'two monitors are in quorum',
      async () => {
        const stat = await succeeds(['--conf', 'tls.yaml', 'mon', 'stat', '--json']);
        return (JSON.parse(stat) as { readonly quorum: readonly string[] }).quorum.length === 2;
      },
      { describe: () => daemon.stderr },
    );
    // Its list of monitors has changed, and the file was written anew.
    const text = await until('both files know both monitors', async () => {
      const now = await readFile(join(directory, 'a.yaml'), 'utf8');
      return now.match(/ {2}- 127/g)?.length === 2 && now;
    });
    assert.match(text, /\ntls:\n {2}ca: ca-cert\.pem\n {2}cert: monitor-cert\.pem\n {2}key: monitor-key\.pem\n/);
  });

  it('do not start with what does not fit', async () => {
    const conf = await readFile(join(directory, 'a.yaml'), 'utf8');
    await writeFile(
      join(directory, 'wrong.yaml'),
      conf.replace('monitor-cert', 'second-cert').replace('monitor-key', 'second-key'),
    );
    const { code, stderr } = await cairn(['monitor', 'run', '--conf', 'wrong.yaml']);
    assert.equal(code, 1);
    assert.match(stderr, /certificate of "mon\.b"; here one whose common name \(CN\) is mon\.a is needed/);
  });
});
