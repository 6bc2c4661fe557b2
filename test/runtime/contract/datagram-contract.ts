import assert from 'node:assert/strict';
import { datagramBytesMax } from '../../../runtime/network.js';
import { claim, patternBytes, until, withCode, type OpenHarness } from './harness.js';

export function datagramContract(implementation: string, open: OpenHarness): void {
  describe(`datagrams (${implementation})`, () => {
    claim('arrive whole, each for itself, as they were when they were sent', open, async (harness) => {
      const received: Uint8Array[] = [];
      const port = await harness.receiveDatagrams((bytes) => received.push(new Uint8Array(bytes)));
      const socket = harness.runtime.network.openDatagrams();
      const address = { host: harness.host, port };
      const sizes = [3, 0, 1_000, 9_000];
      for (const [index, size] of sizes.entries()) {
        const bytes = patternBytes(size, index);
        await socket.send(address, bytes);
        bytes.fill(0);
        await until(harness.runtime, 'it arrived', () => received.length === index + 1);
      }
      assert.deepEqual(
        received,
        sizes.map((size, index) => patternBytes(size, index)),
      );
    });

    claim('to a port where nobody listens are sent all the same', open, async ({ runtime, host }) => {
      const socket = runtime.network.openDatagrams();
      const sends = [1, 2, 3].map(() => socket.send({ host, port: 9 }, patternBytes(10)));
      assert.deepEqual(await Promise.all(sends), [undefined, undefined, undefined]);
    });

    claim('that are too large or have no such port are refused', open, async ({ runtime, host }) => {
      const socket = runtime.network.openDatagrams();
      const large = new Uint8Array(datagramBytesMax + 1);
      await assert.rejects(socket.send({ host, port: 9 }, large), withCode('INVALID_ARGUMENT', 'at most 65507 bytes'));
      await socket.send({ host, port: 9 }, large.subarray(1));
      for (const port of [0, -1, 65_536, 1.5]) {
        await assert.rejects(socket.send({ host, port }, large.subarray(9)), withCode('INVALID_ARGUMENT'));
      }
      await assert.rejects(socket.send({ host: '', port: 9 }, large.subarray(9)), withCode('INVALID_ARGUMENT'));
    });

    claim('to a host that does not exist are UNREACHABLE', open, async ({ runtime }) => {
      const socket = runtime.network.openDatagrams();
      // RFC 2606 keeps this name from ever existing.
      const sending = socket.send({ host: 'no-such-host.invalid', port: 9 }, patternBytes(10));
      await assert.rejects(sending, withCode('UNREACHABLE', 'no-such-host.invalid:9'));
    });

    claim('are not sent by a closed socket', open, async ({ runtime, host }) => {
      const socket = runtime.network.openDatagrams();
      await socket.send({ host, port: 9 }, patternBytes(10));
      await socket.close();
      await socket.close();
      await assert.rejects(socket.send({ host, port: 9 }, patternBytes(10)), withCode('CLOSED'));
    });
  });
}
