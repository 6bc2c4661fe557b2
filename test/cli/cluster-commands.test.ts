import assert from 'node:assert/strict';
import { asyncMode, parseMaxLag, parseSwitch } from '../../cli/pool-arguments.js';
import { parseOsds, parsePg, parseWeight } from '../../cli/osd-arguments.js';
import { cli } from './fake-context.js';

const commands = [
  ...['tree', 'df', 'ls', 'stat', 'find', 'dump', 'in', 'out', 'down', 'lost', 'rm', 'purge'].map(
    (verb) => `osd ${verb}`,
  ),
  ...['reweight', 'crush-reweight', 'set', 'unset', 'upmap', 'rm-upmap'].map((verb) => `osd ${verb}`),
  ...['show', 'dump', 'get', 'set', 'add-bucket', 'move', 'rename', 'rm', 'reweight'].map((verb) => `crush ${verb}`),
  ...['class ls', 'class ls-osd', 'set-device-class', 'rm-device-class'].map((verb) => `crush ${verb}`),
  ...['ls', 'dump', 'create-replicated', 'rm', 'rename'].map((verb) => `crush rule ${verb}`),
  ...['ls', 'create', 'get', 'set', 'rename', 'rm', 'stats'].map((verb) => `pool ${verb}`),
  ...['stat', 'ls', 'map', 'force'].map((verb) => `pg ${verb}`),
];

describe('commands about a cluster', () => {
  for (const command of commands) {
    it(`${command} --help describes it and shows examples`, async () => {
      const { code, stdout } = await cli([...command.split(' '), '--help']);
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`Usage: cairn ${command}[ |].*\n\n.{10,}`));
      assert.match(stdout, new RegExp(`Examples:\n(.*\n)*  cairn ${command}`));
      assert.match(stdout, command === 'crush get' ? /--output/ : /--json/);
      assert.doesNotMatch(stdout, /i-really-mean-it/);
    });
  }

  it('say in one line how to start a cluster when there is none', async () => {
    const { code, stderr } = await cli(['osd', 'tree']);
    assert.equal(code, 1);
    assert.equal(stderr, 'cairn: there is no cluster here; start one with `cairn dev`\n');
  });

  it('read OSDs, PGs and weights as Ceph writes them', () => {
    assert.deepEqual(parseOsds(['osd.3', '4']), [3, 4]);
    for (const all of ['all', 'any', '*']) assert.equal(parseOsds([all]), 'all');
    assert.deepEqual(parsePg('12.1f'), { pool: 12, pg: 31 });
    for (const wrong of ['0.1', '1', '1.', '.1', '1.10000', '2147483648.0']) {
      assert.throws(() => parsePg(wrong), { code: 'INVALID_ARGUMENT' }, wrong);
    }
    assert.equal(parseWeight('1.5', 100), 0x18000);
    assert.throws(() => parseWeight('1e1', 100), { code: 'INVALID_ARGUMENT' });
  });

  it('read lags of async pools, each part with a default', () => {
    const mib = 1024 * 1024;
    assert.deepEqual(parseMaxLag('2s/1MiB'), { maxLagMs: 2000, maxLagBytes: mib });
    assert.deepEqual(parseMaxLag('250ms'), { maxLagMs: 250, maxLagBytes: 64 * mib });
    assert.deepEqual(parseMaxLag('8MiB'), { maxLagMs: 5000, maxLagBytes: 8 * mib });
    assert.throws(() => parseMaxLag('soon'), { code: 'PARSE_ERROR' });
    const base = asyncMode({ ackCopies: 2, maxLag: '1s/1MiB' });
    assert.deepEqual(asyncMode({}, base), base);
    assert.deepEqual(asyncMode({ ackCopies: 1 }, base), { ...base, ackCopies: 1 });
    assert.equal(parseSwitch('off', 'x'), false);
  });
});
