/** What holds for the arguments of these commands: strict, and bounded. */
import assert from 'node:assert/strict';
import type { Command } from '../../protocol/command.js';
import {
  authAdd,
  authCaps,
  authGet,
  authLs,
  authRm,
  authRotate,
  authServiceKey,
} from '../../protocol/commands/auth.js';
import { configDump, configGet, configRm, configSet } from '../../protocol/commands/config.js';
import { auditLast, logLast } from '../../protocol/commands/log.js';
import { mapPiece } from '../../protocol/commands/map.js';
import { monAdd, monDump, monRm, monTransfer } from '../../protocol/commands/mon.js';
import {
  clusterFsid,
  clusterHealth,
  clusterStatus,
  daemonVersions,
  featureSets,
  healthMute,
  healthUnmute,
} from '../../protocol/commands/status.js';

const long = 'x'.repeat(100_000);
const caps = [['mon', 'allow r']];
const address = { host: '10.0.0.1', port: 7000 };

/** Good arguments, and what makes them bad. */
const cases: readonly {
  command: Command<unknown, unknown>;
  name: string;
  access: string;
  good: object;
  bad: object[];
}[] = [
  {
    command: authAdd,
    name: 'auth.add',
    access: 'x',
    good: { name: 'client.x', caps },
    bad: [
      { name: long },
      { caps: [['mon', long]] },
      { caps: [['mon']] },
      { caps: Array.from({ length: 9 }, () => caps[0]) },
    ],
  },
  {
    command: authCaps,
    name: 'auth.caps',
    access: 'x',
    good: { name: 'client.x', caps },
    bad: [{ name: '' }, { caps: 'mon' }],
  },
  { command: authGet, name: 'auth.get', access: 'x', good: { name: 'client.x' }, bad: [{ name: long }, { name: 3 }] },
  { command: authLs, name: 'auth.ls', access: 'x', good: { after: '' }, bad: [{ after: long }] },
  { command: authRm, name: 'auth.rm', access: 'x', good: { name: 'client.x' }, bad: [{ name: long }] },
  { command: authRotate, name: 'auth.rotate', access: 'x', good: { name: 'client.x' }, bad: [{ name: long }] },
  {
    command: configSet,
    name: 'config.set',
    access: 'w',
    good: { section: 'osd', option: 'o', value: '' },
    bad: [{ section: long }, { option: long }, { value: long }],
  },
  {
    command: configRm,
    name: 'config.rm',
    access: 'w',
    good: { section: 'osd', option: 'o' },
    bad: [{ section: '' }, { option: long }],
  },
  {
    command: configGet,
    name: 'config.get',
    access: 'r',
    good: { section: 'osd', option: undefined },
    bad: [{ option: long }],
  },
  { command: configDump, name: 'config.dump', access: 'r', good: { after: '' }, bad: [{ after: long }] },
  {
    command: logLast,
    name: 'log.last',
    access: 'r',
    good: { count: 1, after: 0, level: 'info' },
    bad: [{ count: 0 }, { count: 10_001 }, { after: -1 }, { level: 'loud' }],
  },
  {
    command: auditLast,
    name: 'audit.last',
    access: 'r',
    good: { count: 1, after: 0 },
    bad: [{ count: 1.5 }, { who: long }],
  },
  {
    command: mapPiece,
    name: 'map.piece',
    access: 'r',
    good: { epoch: 0, offset: 0 },
    bad: [{ epoch: -1 }, { offset: 2 ** 40 }],
  },
  {
    command: authServiceKey,
    name: 'auth.service-key',
    access: 'x',
    good: { name: 'client.x', service: 'osd' },
    bad: [{ name: long }, { service: 'mon' }],
  },
  { command: monDump, name: 'mon.dump', access: 'r', good: {}, bad: [] },
  {
    command: monAdd,
    name: 'mon.add',
    access: 'x',
    good: { name: 'd', address },
    bad: [{ name: '../d' }, { name: long }, { address: { host: long, port: 1 } }, { address: { host: 'h', port: 0 } }],
  },
  {
    command: monRm,
    name: 'mon.rm',
    access: 'x',
    good: { name: 'd', confirmed: true },
    bad: [{ name: '' }, { confirmed: 'yes' }],
  },
  { command: monTransfer, name: 'mon.transfer', access: 'w', good: { name: 'd' }, bad: [{ name: long }] },
  { command: clusterStatus, name: 'status', access: 'r', good: {}, bad: [] },
  { command: clusterHealth, name: 'health', access: 'r', good: { detail: true }, bad: [{ detail: 1 }] },
  {
    command: healthMute,
    name: 'health.mute',
    access: 'w',
    good: { code: 'OSD_DOWN', ttlMs: 1, isSticky: false },
    bad: [{ code: long }, { ttlMs: 0 }, { ttlMs: 1e15 }],
  },
  { command: healthUnmute, name: 'health.unmute', access: 'w', good: { code: 'OSD_DOWN' }, bad: [{ code: '' }] },
  { command: daemonVersions, name: 'versions', access: 'r', good: {}, bad: [] },
  { command: featureSets, name: 'features', access: 'r', good: {}, bad: [] },
  { command: clusterFsid, name: 'fsid', access: 'r', good: {}, bad: [] },
];

describe('the command', () => {
  for (const { command, name, access, good, bad } of cases) {
    it(`${name} takes what it should, needs ${access}, and refuses the rest in one line`, () => {
      assert.deepEqual([command.name, command.access], [name, access]);
      assert.doesNotThrow(() => command.parse(good));
      for (const wrong of [...bad, { surplus: 1 }]) {
        assert.throws(() => command.parse({ ...good, ...wrong }), {
          code: 'INVALID_ARGUMENT',
          message: new RegExp(`^${name.replace('.', '\\.')}: [^\\n]{1,200}$`),
        });
      }
      for (const [key, value] of Object.entries(good)) {
        if (value === undefined || key === 'address' || key === 'ttlMs') continue;
        assert.throws(() => command.parse({ ...good, [key]: undefined }), { code: 'INVALID_ARGUMENT' }, key);
      }
    });
  }

  it('refuses what are no arguments at all', () => {
    for (const { command } of cases) {
      for (const none of [undefined, null, 3, 'x', []])
        assert.throws(() => command.parse(none), { code: 'INVALID_ARGUMENT' });
    }
  });
});
