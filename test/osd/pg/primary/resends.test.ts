import assert from 'node:assert/strict';
import { Resends } from '../../../../osd/pg/primary/resends.js';

const at = (seq: number, term = 1): { readonly term: number; readonly seq: number } => ({ term, seq });

describe('osd/pg/primary: what a member that refused an append is sent', () => {
  it('comes at once behind a gap, and after a while when it refuses at the same place again', () => {
    const resends = new Resends();
    assert.equal(resends.judge('a', at(5), false), 'now');
    assert.equal(resends.judge('a', at(5), false), 'later');
    // Whatever else is on its way is refused in the same words.
    for (let i = 0; i < 100; i += 1) assert.equal(resends.judge('a', at(5), false), 'no');
    resends.due('a');
    assert.equal(resends.judge('a', at(5), false), 'later');
  });

  it('comes at once again when its log has got further, or is another', () => {
    const resends = new Resends();
    assert.equal(resends.judge('a', at(5), false), 'now');
    assert.equal(resends.judge('a', at(6), false), 'now');
    assert.equal(resends.judge('a', at(6, 2), false), 'now');
    assert.equal(resends.judge('b', at(6, 2), false), 'now');
  });

  it('comes after a while where it says that it cannot', () => {
    const resends = new Resends();
    assert.equal(resends.judge('a', at(5), true), 'later');
    assert.equal(resends.judge('a', at(5), true), 'no');
    resends.due('a');
    assert.equal(resends.judge('a', at(5), true), 'later');
  });
});
