import assert from 'node:assert/strict';
import { freeAddress } from '../../cli/free-address.js';
import { createNodeRuntime } from '../../runtime/node/runtime.js';

describe('a free address for a daemon', () => {
  const runtime = createNodeRuntime({ daemon: 'test', logLevel: 'error' });
  const host = '127.0.0.1';

  it('is none that an outgoing connection would be given while the daemon is down', async () => {
    for (let i = 0; i < 20; i++) {
      const { port } = await freeAddress(runtime, host);
      assert.ok(port >= 10_000 && port < 32_768, `port ${port}`);
    }
  });

  it('is not one where somebody listens', async () => {
    const taken = await freeAddress(runtime, host);
    const listener = await runtime.network.listen(taken, {}, (connection) => connection.destroy());
    const offers = [taken.port, taken.port, taken.port === 10_000 ? 10_001 : 10_000];
    const below = (): number => (offers.shift() ?? 10_002) - 10_000;
    const { port } = await freeAddress({ ...runtime, random: { ...runtime.random, below } }, host);
    assert.notEqual(port, taken.port);
    await listener.close();
  });
});
