import assert from 'node:assert/strict';
import { isCairnError } from '../../../base/errors.js';
import { describeOptions, helpText } from '../../../runtime/config/describe.js';
import { loadSettings, type SettingsSources } from '../../../runtime/config/load.js';
import type { OptionTable } from '../../../runtime/config/option.js';
import { pathBeside, writtenBeside } from '../../../runtime/config/path-beside.js';
import type { FileEntry } from '../../../runtime/config/settings-file.js';

const table = {
  'public-address': { type: 'address', required: true, description: 'Where clients connect.' },
  'memory-target': { type: 'bytes', default: '2GiB', min: '256MiB', description: 'Memory to use.' },
  'lease-time': { type: 'duration', default: '800ms', min: '100ms', max: '5s', description: 'How long.' },
  'queue-depth': { type: 'int', default: '128', min: 1, max: 4096, unit: 'requests', description: 'Queue.' },
  'log-level': { type: 'string', default: 'info', oneOf: ['debug', 'info'], description: 'Level.' },
  'syslog-tag': { type: 'string', description: 'Tag.' },
  pretty: { type: 'bool', default: 'false', description: 'Pretty.' },
  'tls-ca': { type: 'path', description: 'Authority.' },
  'tls-key': { type: 'path', description: 'Key.' },
  monitors: { type: 'list', default: 'a:1, b:2', countMax: 3, description: 'Monitors.' },
} as const satisfies OptionTable;

const required = { 'public-address': 'h:1' };

function load(sources: Partial<SettingsSources>): ReturnType<typeof loadSettings<typeof table>> {
  return loadSettings(table, { environment: {}, flags: required, ...sources });
}

function file(...entries: FileEntry[]): Partial<SettingsSources> {
  return { file: { path: 'cairn.yaml', entries } };
}

describe('settings', () => {
  it('have the defaults of the table, in its types', () => {
    const { settings, origins, warnings } = load({});
    const target: number = settings['memory-target'];
    const tag: string | undefined = settings['syslog-tag'];
    assert.deepEqual([target, tag], [2 ** 31, undefined]);
    assert.deepEqual(settings, {
      'public-address': { host: 'h', port: 1 },
      'memory-target': 2 ** 31,
      'lease-time': 800,
      'queue-depth': 128,
      'log-level': 'info',
      pretty: false,
      monitors: ['a:1', 'b:2'],
    });
    assert.equal(origins['memory-target'], 'default');
    assert.deepEqual(warnings, []);
  });

  it('come from the file, over that from the environment, over that from flags', () => {
    const entries = ['256MiB', '257MiB', '258MiB'];
    const [inFile = '', inEnvironment = '', asFlag = ''] = entries;
    const fromFile = file({ key: 'memory-target', line: 3, value: inFile });
    const environment = { CAIRN_MEMORY_TARGET: inEnvironment, PATH: '/bin', CAIRN_UNSET: undefined };
    const flags = { ...required, 'memory-target': asFlag, pretty: undefined };
    const found = [load(fromFile), load({ ...fromFile, environment }), load({ ...fromFile, environment, flags })].map(
      ({ settings, origins }) => [settings['memory-target'] / 2 ** 20, origins['memory-target']],
    );
    assert.deepEqual(found, [
      [256, 'cairn.yaml line 3: memory-target'],
      [257, 'CAIRN_MEMORY_TARGET'],
      [258, '--memory-target'],
    ]);
  });

  it('may stand in a group in the file, below what their names begin with', () => {
    const nested = [{ key: 'ca', line: 3, value: 'ca.pem' }];
    const { settings, origins } = load(file({ key: 'tls', line: 2, value: undefined, nested }));
    assert.equal(settings['tls-ca'], 'ca.pem');
    assert.equal(origins['tls-ca'], 'cairn.yaml line 3: tls.ca');
  });

  it('have paths that are meant from the file when they stand in it, else from here', () => {
    const inFile = (path: string, value: string): unknown =>
      load({ file: { path, entries: [{ key: 'tls-ca', line: 1, value }] } }).settings['tls-ca'];
    assert.equal(inFile('/etc/cairn/a.yaml', 'tls/ca.pem'), '/etc/cairn/tls/ca.pem');
    assert.equal(inFile('/etc/cairn/a.yaml', '../ca.pem'), '/etc/ca.pem');
    assert.equal(inFile('conf/a.yaml', 'ca.pem'), 'conf/ca.pem');
    assert.equal(inFile('a.yaml', '/ca.pem'), '/ca.pem');
    assert.equal(load({ environment: { CAIRN_TLS_CA: 'ca.pem' } }).settings['tls-ca'], 'ca.pem');
    assert.equal(load({ flags: { ...required, 'tls-ca': './ca.pem' } }).settings['tls-ca'], './ca.pem');
    for (const path of ['tls/ca.pem', '/other/ca.pem', 'ca.pem']) {
      assert.equal(writtenBeside('/etc/cairn/a.yaml', pathBeside('/etc/cairn/a.yaml', path)), path);
    }
    assert.equal(writtenBeside('/etc/cairn/a.yaml', '/etc/ca.pem'), '/etc/ca.pem');
  });

  it('take lists from the file as lists, and from elsewhere with commas', () => {
    assert.deepEqual(load(file({ key: 'monitors', line: 1, value: ['x', 'y,z'] })).settings.monitors, ['x', 'y,z']);
    assert.deepEqual(load({ environment: { CAIRN_MONITORS: 'x, y' } }).settings.monitors, ['x', 'y']);
  });

  const bad: readonly { name: string; sources: Partial<SettingsSources>; says: string }[] = [
    {
      name: 'an unknown key in the file',
      sources: file({ key: 'memory-targt', line: 7, value: '1GiB' }),
      says: 'cairn.yaml line 7: there is no setting "memory-targt"; did you mean memory-target?',
    },
    {
      name: 'an unknown key that resembles none',
      sources: file({ key: 'constructor', line: 1, value: '1' }),
      says: 'cairn.yaml line 1: there is no setting "constructor"; see --help for those there are',
    },
    {
      name: 'an unknown flag',
      sources: { flags: { 'log-levle': 'info' } },
      says: 'there is no option --log-levle; did you mean --log-level?',
    },
    {
      name: 'a nested value',
      sources: file({ key: 'pretty', line: 2, value: undefined }),
      says: 'cairn.yaml line 2: pretty is neither a value nor a list of values; write one',
    },
    {
      name: 'an unknown key in a group',
      sources: file({ key: 'tls', line: 2, value: undefined, nested: [{ key: 'kee', line: 3, value: 'x' }] }),
      says: 'cairn.yaml line 3: there is no setting "tls.kee"; did you mean tls-key?',
    },
    {
      name: 'a group that there is not',
      sources: file({ key: 'tsl', line: 2, value: undefined, nested: [{ key: 'ca', line: 3, value: 'x' }] }),
      says: 'cairn.yaml line 2: there is no setting "tsl"; see --help for those there are',
    },
    {
      name: 'a group whose values are groups',
      sources: file({ key: 'tls', line: 2, value: undefined, nested: [{ key: 'ca', line: 3, value: undefined }] }),
      says: 'cairn.yaml line 3: tls.ca is neither a value nor a list of values; write one',
    },
    {
      name: 'a key that stands both in a group and alone',
      sources: file(
        { key: 'tls-ca', line: 2, value: 'x' },
        { key: 'tls', line: 3, value: undefined, nested: [{ key: 'ca', line: 4, value: 'x' }] },
      ),
      says: 'cairn.yaml line 4: tls.ca is set twice; remove one',
    },
    {
      name: 'an empty path',
      sources: file({ key: 'tls-ca', line: 2, value: '' }),
      says: 'cairn.yaml line 2: tls-ca is empty; write the path of a file',
    },
    {
      name: 'a key without a value',
      sources: file({ key: 'pretty', line: 2, value: '' }),
      says: 'cairn.yaml line 2: pretty is empty; write true or false',
    },
    {
      name: 'a key set twice',
      sources: file({ key: 'pretty', line: 2, value: 'true' }, { key: 'pretty', line: 5, value: 'true' }),
      says: 'cairn.yaml line 5: pretty is set twice; remove one',
    },
    {
      name: 'a list where one value is wanted',
      sources: file({ key: 'pretty', line: 2, value: ['true'] }),
      says: 'cairn.yaml line 2: pretty is a list of 1; write true or false',
    },
    {
      name: 'what is missing',
      sources: { flags: {} },
      says: 'public-address is not set; set it in the settings file, as CAIRN_PUBLIC_ADDRESS, or as --public-address',
    },
    {
      name: 'an ambiguous size',
      sources: { environment: { CAIRN_MEMORY_TARGET: '4GB' } },
      says: 'CAIRN_MEMORY_TARGET is "4GB"; write a size such as 4096B, 64MiB or 4GiB, from 256MiB',
    },
    {
      name: 'a size below the least',
      sources: { environment: { CAIRN_MEMORY_TARGET: '255MiB' } },
      says: 'CAIRN_MEMORY_TARGET is "255MiB"; write a size such as 4096B, 64MiB or 4GiB, from 256MiB',
    },
    {
      name: 'a duration above the most',
      sources: { flags: { ...required, 'lease-time': '5001ms' } },
      says: '--lease-time is "5001ms"; write a duration such as 250ms, 5s, 10m, 2h or 1d, from 100ms up to 5s',
    },
    {
      name: 'a fraction',
      sources: { flags: { ...required, 'queue-depth': '1.5' } },
      says: '--queue-depth is "1.5"; write a whole number, from 1 up to 4096 (requests)',
    },
    {
      name: 'zero where one is the least',
      sources: { flags: { ...required, 'queue-depth': '0' } },
      says: '--queue-depth is "0"; write a whole number, from 1 up to 4096 (requests)',
    },
    {
      name: 'none of the choices',
      sources: { flags: { ...required, 'log-level': 'warn' } },
      says: '--log-level is "warn"; write one of debug, info',
    },
    {
      name: 'an empty text',
      sources: { flags: { ...required, 'syslog-tag': '' } },
      says: '--syslog-tag is empty; write a text that is not empty',
    },
    {
      name: 'an address without a port, cut where it is long',
      sources: { flags: { 'public-address': 'x'.repeat(99) } },
      says: `--public-address is "${'x'.repeat(60)}…"; write an address such as 10.0.0.1:7000, mon.example:7000 or [::1]:7000`,
    },
    {
      name: 'a list with a hole',
      sources: { flags: { ...required, monitors: 'a,,b' } },
      says: '--monitors is "a,,b"; write a list of 1 to 3 texts, such as a,b,c',
    },
    {
      name: 'a list that is too long',
      sources: file({ key: 'monitors', line: 1, value: ['a', 'b', 'c', 'd'] }),
      says: 'cairn.yaml line 1: monitors is a list of 4; write a list of 1 to 3 texts, such as a,b,c',
    },
  ];
  for (const { name, sources, says } of bad) {
    it(`refuse ${name}`, () => {
      assert.throws(
        () => load(sources),
        (error) => {
          assert.ok(isCairnError(error, 'INVALID_ARGUMENT'));
          assert.equal(error.message, says);
          return true;
        },
      );
    });
  }

  it('warn of a variable that is probably misspelt, and pass over those of others', () => {
    const environment = { CAIRN_MEMORY_TARGETS: '1GiB', CAIRN_MON_SERVICE_HOST: '10.0.0.1', CAIRN_DIR: '/data' };
    assert.deepEqual(load({ environment }).warnings, [
      'CAIRN_MEMORY_TARGETS is not used by this daemon; did you mean CAIRN_MEMORY_TARGET?',
    ]);
  });

  it('refuse a table that contradicts itself', () => {
    const description = 'D.';
    const sources = { environment: {}, flags: {} };
    const tables: OptionTable[] = [
      { camelCase: { type: 'bool', description } },
      { both: { type: 'bool', default: 'true', required: true, description } },
      { wrong: { type: 'int', default: '5', max: 4, description } },
    ];
    for (const each of tables)
      assert.throws(() => loadSettings(each, sources), /kebab-case|not required|default of wrong/);
  });

  it('are described from the same table', () => {
    assert.deepEqual(describeOptions({ 'memory-target': table['memory-target'] }), [
      {
        name: 'memory-target',
        flag: '--memory-target BYTES',
        environment: 'CAIRN_MEMORY_TARGET',
        description: 'Memory to use.',
        allowed: 'a size such as 4096B, 64MiB or 4GiB, from 256MiB',
        default: '2GiB',
        isRequired: false,
      },
    ]);
    const { 'public-address': address, 'syslog-tag': tag, pretty } = table;
    assert.equal(
      helpText({ 'public-address': address, 'syslog-tag': tag, pretty }),
      `  --public-address ADDRESS  (CAIRN_PUBLIC_ADDRESS)
      Where clients connect. Required.
      Write an address such as 10.0.0.1:7000, mon.example:7000 or [::1]:7000.
  --syslog-tag TEXT  (CAIRN_SYSLOG_TAG)
      Tag.
      Write a text that is not empty.
  --pretty BOOL  (CAIRN_PRETTY)
      Pretty. Default false.
      Write true or false.
`,
    );
  });
});
