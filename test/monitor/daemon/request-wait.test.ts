import assert from 'node:assert/strict';
import { monotonicMs } from '../../../base/instants.js';
import { RequestWait } from '../../../monitor/daemon/request-wait.js';

describe('monitor/daemon: how long a request waits', () => {
  it('passes the signal on that its source has, and asks for it only when asked', () => {
    const controller = new AbortController();
    let asked = 0;
    const source = {
      get signal() {
        asked += 1;
        return controller.signal;
      },
    };
    const within = { level: 1 };
    const inner = new RequestWait(source, { deadline: monotonicMs(9), within });
    const wait = new RequestWait(inner, { deadline: monotonicMs(5), within });
    assert.equal(wait.deadline, 5);
    assert.equal(wait.within, within);
    assert.equal(asked, 0);
    assert.equal(wait.signal, controller.signal);
    assert.equal(asked, 1);
  });
});
