import assert from 'node:assert/strict';
import { wallMs } from '../../../base/instants.js';
import type { MapChange } from '../../../cluster/change.js';
import { Draft, withMutes } from '../../../monitor/state/draft.js';
import { setting, someState } from './some-state.js';

const wall = wallMs(50_000);
const line = { source: 'mon', severity: 'info', message: 'x' } as const;
const mute = { code: 'POOL_FULL', until: wallMs(0), isSticky: false, count: 1 };

describe('a draft', () => {
  it('shows each request what those before it did, and leaves the state alone', () => {
    const state = someState();
    const draft = new Draft(state.view(), wall);
    assert.equal(draft.isEmpty, true);
    draft.add({
      result: undefined,
      changes: [setting('9')],
      keys: [
        { name: 'client.new', key: Uint8Array.of(1) },
        { name: 'client.admin', key: undefined },
      ],
      mutes: [mute, { code: 'OSD_DOWN', unmuted: true }],
      log: [line],
    });
    const { view } = draft;
    assert.equal(view.map.config.get('global/osd_heartbeat_grace'), '9');
    assert.equal(view.map.epoch, state.map.epoch, 'the batch makes the epoch');
    assert.equal(view.wall, wall);
    assert.deepEqual(view.key('client.new'), Uint8Array.of(1));
    assert.equal(view.key('client.admin'), undefined);
    assert.deepEqual([...view.mutes.keys()], ['POOL_FULL']);
    assert.equal(state.view().map.config.get('global/osd_heartbeat_grace'), '8');
    assert.notEqual(state.view().key('client.admin'), undefined);
    assert.deepEqual([...state.view().mutes.keys()], ['OSD_DOWN']);
    assert.equal(draft.isEmpty, false);
  });

  it('is as it was when the changes of a request do not fit', () => {
    const draft = new Draft(someState().view(), wall);
    draft.add({ result: undefined, changes: [setting('9')] });
    const bad: MapChange[] = [setting('10'), { kind: 'pool-removed', id: 99 as never }];
    assert.throws(
      () =>
        draft.add({
          result: undefined,
          changes: bad,
          keys: [{ name: 'client.x', key: Uint8Array.of(1) }],
          mutes: [mute],
          log: [line],
        }),
      { code: 'CONFLICT' },
    );
    assert.equal(draft.view.map.config.get('global/osd_heartbeat_grace'), '9');
    assert.equal(draft.view.key('client.x'), undefined);
    assert.deepEqual([draft.changes.length, draft.keys.length, draft.mutes.length, draft.log.length], [1, 0, 0, 0]);
    assert.equal(draft.weight, 1);
    assert.equal(draft.view.mutes.has('POOL_FULL'), false);
  });

  it('gives out views that later requests do not change', () => {
    const draft = new Draft(someState().view(), wall);
    const before = draft.view;
    draft.add({ result: undefined, changes: [setting('9')], keys: [{ name: 'client.new', key: Uint8Array.of(1) }] });
    assert.equal(before.map.config.get('global/osd_heartbeat_grace'), '8');
    assert.equal(before.key('client.new'), undefined);
  });

  it('takes as many effects as one request may have', () => {
    const draft = new Draft(someState().view(), wall);
    const many = Array.from({ length: 300_000 }, () => line);
    draft.add({ result: undefined, log: many });
    assert.equal(draft.log.length, many.length);
    assert.equal(draft.weight, many.length);
  });
});

describe('mutes', () => {
  it('are set, replaced and taken back by code', () => {
    const one = withMutes(new Map(), [mute, { ...mute, count: 2 }]);
    assert.deepEqual([...one.values()], [{ ...mute, count: 2 }]);
    assert.equal(withMutes(one, [{ code: 'POOL_FULL', unmuted: true }]).size, 0);
    assert.equal(one.size, 1);
  });
});
