import assert from 'node:assert/strict';
import { Command } from 'commander';
import { LineCounter, parseDocument } from 'yaml';
import { utf8Bytes, utf8Text } from '../../base/bytes.js';
import { encodeMonitorFile, monitorSettings } from '../../cli/monitor-settings.js';
import { addSettingOptions, settingsOf } from '../../cli/setting-options.js';
import { credentialsOf, keyText } from '../../protocol/credentials.js';
import { encodeJoinToken } from '../../protocol/join-token.js';
import { loadSettings } from '../../runtime/config/load.js';
import { yamlSettings } from '../../runtime/config/yaml-settings.js';
import { World } from '../../runtime/sim/world.js';
import { writeFileDurably } from '../../runtime/whole-file.js';
import { cli } from './fake-context.js';

const credentials = {
  fsid: '0123456789abcdef0123456789abcdef',
  name: 'mon.b',
  key: new Uint8Array(32).fill(0xfb),
  monitors: [
    { host: '10.0.0.1', port: 7000 },
    { host: 'fd00::1', port: 7001 },
  ],
};
const token = encodeJoinToken(credentials);
const args = ['monitor', 'join', '--address', '10.0.0.2:7000', '--directory', 'mon.b', '--conf', '/etc/b.yaml'];
const yaml = yamlSettings({ parseDocument, LineCounter });

describe('the settings of a monitor', () => {
  it('come out of a join token as the daemon reads them, in a private file', async () => {
    const run = await cli([...args, '--admin-address', '10.0.0.2:7100', token]);
    assert.equal(run.code, 0, run.stderr);
    assert.ok(run.privateFiles.has('/etc/b.yaml'));
    assert.ok(!run.stdout.includes(keyText(credentials.key)), 'the key is not printed');
    const text = utf8Text(run.files.get('/etc/b.yaml') ?? new Uint8Array(0));
    const file = { path: '/etc/b.yaml', entries: yaml(text, '/etc/b.yaml') };
    const { settings } = loadSettings(monitorSettings, { file, environment: {}, flags: {} });
    const { fsid, key, monitors, name } = settings;
    assert.deepEqual(credentialsOf({ fsid, key, monitors: [...monitors], name: `mon.${name}` }), credentials);
    assert.deepEqual(settings.address, { host: '10.0.0.2', port: 7000 });
    assert.deepEqual(settings['admin-address'], { host: '10.0.0.2', port: 7100 });
    assert.equal(settings.directory, '/here/mon.b');
    assert.equal(settings['log-level'], 'info');
  });

  const refused = [
    {
      name: 'of a client',
      text: encodeJoinToken({ ...credentials, name: 'client.x' }),
      says: /the token is for client\.x/,
    },
    { name: 'that is cut off', text: token.slice(0, -9), says: /join token is damaged or cut off/ },
  ];
  for (const { name, text, says } of refused) {
    it(`do not come out of a token ${name}`, async () => {
      const run = await cli([...args, text]);
      assert.equal(run.code, 1);
      assert.match(run.stderr, says);
      assert.equal(run.files.size, 0);
    });
  }

  it('are taken from flags over the environment over the file', async () => {
    const world = new World({ seed: 1 });
    await world.main(async () => {
      const process = world.machine('a').start('cli', async () => {});
      await process.finished;
      const { disk } = process.runtime;
      const address = { host: 'a', port: 7000 };
      const bytes = encodeMonitorFile({
        name: 'b',
        directory: '/x',
        address,
        adminAddress: address,
        credentials,
        logLevel: 'warn',
      });
      await writeFileDurably(disk, '/', 'b.yaml', bytes);
      const command = new Command('run');
      addSettingOptions(command, monitorSettings);
      command.action(() => undefined);
      await command.parseAsync(['--admin-address', 'c:9'], { from: 'user' });
      const env = { CAIRN_ADDRESS: 'b:8', CAIRN_ADMIN_ADDRESS: 'b:8', CAIRN_DIR: '/elsewhere', CAIRN_ACCESS_KEY: 'x' };
      const { settings } = await settingsOf(disk, command, monitorSettings, { conf: '/b.yaml', env });
      assert.deepEqual(settings['admin-address'], { host: 'c', port: 9 });
      assert.deepEqual(settings.address, { host: 'b', port: 8 });
      assert.equal(settings['log-level'], 'warn');
      await assert.rejects(settingsOf(disk, new Command('run'), monitorSettings, { conf: undefined, env: {} }), {
        code: 'INVALID_ARGUMENT',
        message: /--conf FILE/,
      });
    });
  });

  it('name the cluster and keep the key on one line', () => {
    const text = utf8Text(
      encodeMonitorFile({
        name: 'b',
        directory: `/${'long '.repeat(40)}`,
        address: { host: 'b', port: 1 },
        adminAddress: undefined,
        credentials,
      }),
    );
    assert.ok(text.includes(`\nkey: ${keyText(credentials.key)}\n`), text);
    assert.match(text, /^# cairn: mon\.b of cluster 0123456789abcdef/);
    assert.ok(utf8Bytes(text).byteLength < 2_000);
  });
});
