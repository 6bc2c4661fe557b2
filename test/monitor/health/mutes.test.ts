import assert from 'node:assert/strict';
import { isCairnError } from '../../../base/errors.js';
import { wallMs } from '../../../base/instants.js';
import { checkHealth } from '../../../monitor/health/check-health.js';
import { muteCheck } from '../../../monitor/health/mutes.js';
import type { HealthMute } from '../../../monitor/health/types.js';
import { healthInput, now } from './healthy.js';

const down = { isUp: false };
const oneDown = { racks: [[4]], osds: { 0: down } };
const twoDown = { racks: [[4]], osds: { 0: down, 1: down } };
const mute = (changes: Partial<HealthMute> = {}): HealthMute => ({
  code: 'OSD_DOWN',
  until: undefined,
  isSticky: false,
  count: 1,
  ...changes,
});

describe('mutes', () => {
  const cases = [
    { name: 'a mute keeps the check from counting', mute: mute(), changes: oneDown, ended: undefined },
    { name: 'a mute ends when it gets worse', mute: mute(), changes: twoDown, ended: 'worse' },
    { name: 'a mute ends when the check clears', mute: mute(), changes: {}, ended: 'cleared' },
    { name: 'a mute ends at its time', mute: mute({ until: now }), changes: oneDown, ended: 'expired' },
    { name: 'a mute lasts until its time', mute: mute({ until: wallMs(now + 1) }), changes: oneDown, ended: undefined },
    { name: 'a sticky mute outlasts worse', mute: mute({ isSticky: true }), changes: twoDown, ended: undefined },
    {
      name: 'a sticky mute ends at its time',
      mute: mute({ isSticky: true, until: now }),
      changes: oneDown,
      ended: 'expired',
    },
  ] as const;
  for (const c of cases) {
    it(c.name, () => {
      const report = checkHealth(healthInput({ ...c.changes, input: { mutes: [c.mute] } }));
      assert.deepEqual(report.mutesEnded, c.ended === undefined ? [] : [{ code: 'OSD_DOWN', why: c.ended }]);
      assert.equal(report.mutes.length, c.ended === undefined ? 1 : 0);
      const isRaised = report.checks.length > 0;
      assert.equal(report.status, isRaised && c.ended !== undefined ? 'HEALTH_WARN' : 'HEALTH_OK');
      assert.ok(report.checks.every(({ isMuted }) => isMuted === (c.ended === undefined)));
    });
  }

  it('a sticky mute outlasts the check itself', () => {
    const report = checkHealth(healthInput({ input: { mutes: [mute({ isSticky: true })] } }));
    assert.deepEqual(report.mutes, [mute({ isSticky: true })]);
  });

  it('the lowest count since the mute is what counts as worse', () => {
    const better = checkHealth(healthInput({ ...oneDown, input: { mutes: [mute({ count: 2 })] } }));
    assert.deepEqual(better.mutes, [mute({ count: 1 })]);
    const worse = checkHealth(healthInput({ ...twoDown, input: { mutes: better.mutes } }));
    assert.deepEqual(worse.mutesEnded, [{ code: 'OSD_DOWN', why: 'worse' }]);
  });

  it('one muted check leaves the others to count', () => {
    const input = healthInput({ ...oneDown, osd: {}, map: { flags: new Set(['noout']) } });
    const report = checkHealth({ ...input, mutes: [mute()] });
    assert.equal(report.status, 'HEALTH_WARN');
  });

  it('a mute begins with the count of what is raised', () => {
    const report = checkHealth(healthInput(twoDown));
    const made = muteCheck(report, { code: 'OSD_DOWN', ttlMs: 5_000, isSticky: false, now });
    assert.deepEqual(made, mute({ until: wallMs(now + 5_000), count: 2 }));
  });

  it('a sticky mute may begin before its check', () => {
    const report = checkHealth(healthInput());
    const made = muteCheck(report, { code: 'OSD_HOST_DOWN', ttlMs: undefined, isSticky: true, now });
    assert.deepEqual(made, mute({ code: 'OSD_HOST_DOWN', isSticky: true, count: 0 }));
  });

  const refused = [
    { name: 'no code', code: 'OSD_DWN', ttlMs: undefined, isSticky: true, error: 'NOT_FOUND' },
    {
      name: 'the name of a family of codes',
      code: 'OSD_<TYPE>_DOWN',
      ttlMs: undefined,
      isSticky: true,
      error: 'NOT_FOUND',
    },
    { name: 'a check that is not raised', code: 'OSD_FULL', ttlMs: undefined, isSticky: false, error: 'NOT_FOUND' },
    { name: 'no time at all', code: 'OSD_DOWN', ttlMs: 0, isSticky: false, error: 'INVALID_ARGUMENT' },
  ] as const;
  for (const { name, error, ...request } of refused) {
    it(`refuses to mute ${name}`, () => {
      const report = checkHealth(healthInput(oneDown));
      assert.throws(
        () => muteCheck(report, { ...request, now }),
        (thrown) => isCairnError(thrown, error),
      );
    });
  }
});
