/** Faults around the simulated HTTP port and datagrams. What they share with the real ones is in the contract suites. */
import assert from 'node:assert/strict';
import { isCairnError, type ErrorCode } from '../../../base/errors.js';
import type { HttpHandler } from '../../../runtime/http.js';
import { World } from '../../../runtime/sim/world.js';

const address = { host: '0.0.0.0', port: 9100 };
const never: HttpHandler = () => new Promise(() => undefined);

function code(expected: ErrorCode): (error: unknown) => boolean {
  return (error) => isCairnError(error, expected);
}

describe('runtime/sim: http', () => {
  it('is refused where nobody serves, and unreachable on a machine without power', async () => {
    const world = new World({ seed: 1 });
    const machine = world.machine('a');
    await world.main(async () => {
      await assert.rejects(machine.httpGet(9100, '/'), code('CONNECTION_REFUSED'));
      machine.crash();
      await assert.rejects(machine.httpGet(9100, '/'), code('UNREACHABLE'));
    });
  });

  for (const fault of ['kill', 'crash'] as const) {
    it(`is CONNECTION_LOST when a ${fault} comes before the answer, and the port is free again`, async () => {
      const world = new World({ seed: 1 });
      const machine = world.machine('a');
      await world.main(async () => {
        const first = machine.start('first', async ({ http }) => void (await http.listen(address, never)));
        await first.finished;
        const asking = assert.rejects(machine.httpGet(9100, '/'), code('CONNECTION_LOST'));
        await world.sleep(1);
        if (fault === 'kill') first.kill();
        else machine.restart();
        await asking;
        const second = machine.start('second', async ({ http }) => void (await http.listen(address, never)));
        await second.finished;
      });
    });
  }
});

describe('runtime/sim: the bound on requests in progress', () => {
  it('holds while they are, and no longer, however they end', async () => {
    const world = new World({ seed: 1 });
    const machine = world.machine('a');
    await world.main(async () => {
      const handler: HttpHandler = async ({ path }) => {
        if (path === '/hangs') return never({ method: 'GET', path, query: new URLSearchParams(), headers: new Map() });
        if (path === '/fails') throw new Error('on purpose');
        return { status: 200, contentType: 'text/plain', body: '' };
      };
      const options = { connectionsMax: 2, handlerMs: 100 };
      const server = machine.start('server', async ({ http }) => void (await http.listen(address, handler, options)));
      await server.finished;
      const ask = async (path: string): Promise<number> => (await machine.httpGet(9100, path)).status;
      assert.deepEqual(await Promise.all(['/hangs', '/hangs', '/'].map(ask)), [503, 503, 503]);
      for (const path of ['/fails', '/fails', '/fails']) assert.equal(await ask(path), 500);
      for (const path of ['/', '/', '/']) assert.equal(await ask(path), 200);
    });
  });
});

describe('runtime/sim: datagrams', () => {
  it('get lost and overtake each other on a bad link, and a cut loses all of them', async () => {
    const world = new World({ seed: 1, network: { link: { lossRate: 0.3, latencyMs: 1, jitterMs: 50 } } });
    const received: number[] = [];
    world.machine('b').receiveDatagrams(514, (bytes) => received.push(bytes[0] ?? -1));
    await world.main(async () => {
      const sender = world.machine('a').start('sender', async () => undefined);
      await sender.finished;
      const socket = sender.runtime.network.openDatagrams();
      const send = async (index: number): Promise<void> => {
        await socket.send({ host: 'b', port: 514 }, Uint8Array.of(index));
      };
      for (let index = 0; index < 100; index++) await send(index);
      await world.sleep(1_000);
      assert.ok(received.length > 50 && received.length < 90, `${received.length} arrived`);
      assert.equal(new Set(received).size, received.length);
      assert.notDeepEqual(
        received,
        received.toSorted((a, b) => a - b),
      );
      const before = received.length;
      world.network.cut({ from: 'a', to: 'b' });
      for (let index = 0; index < 20; index++) await send(index);
      await world.sleep(1_000);
      assert.equal(received.length, before);
    });
  });

  it('stop the process that changes what it lent', async () => {
    const world = new World({ seed: 1 });
    await world.main(async () => {
      const sender = world.machine('a').start('sender', async () => undefined, { mayFail: true });
      await sender.finished;
      const bytes = Uint8Array.of(1, 2, 3);
      void sender.runtime.network.openDatagrams().send({ host: 'a', port: 514 }, bytes);
      bytes[0] = 9;
      await world.sleep(10);
      assert.match(String(sender.failure), /a buffer lent to send to a:514 is left alone/);
    });
  });
});
