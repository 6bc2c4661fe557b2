import assert from 'node:assert/strict';
import { concatBytes, latin1Text, totalBytes, utf8Bytes } from '../../../base/bytes.js';
import { isCairnError, type CairnError } from '../../../base/errors.js';
import { monotonicMs } from '../../../base/instants.js';
import type { Connection, Listener, ListenOptions } from '../../../runtime/network.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { claim, patternBytes, until, withCode, type Harness, type OpenHarness } from './harness.js';

const mebibyte = 2 ** 20;

/** What every `Network` promises, whether its connections are encrypted or not. */
export function networkContract(name: string, open: OpenHarness): void {
  describe(`network contract: ${name}`, () => {
    describe('listening and connecting', () => {
      claim('port 0 picks a free port, and each end sees the address of the other', open, async (harness) => {
        const { listener, client, server } = await pair(harness);
        assert.ok(listener.address.port > 0);
        assert.deepEqual(client.connection.remote, listener.address);
        assert.deepEqual(server.connection.local, listener.address);
        assert.deepEqual(server.connection.remote, client.connection.local);
      });

      claim('an address that is taken is ADDRESS_IN_USE', open, async (harness) => {
        const { listener } = await listen(harness);
        await assert.rejects(
          harness.runtime.network.listen(listener.address, {}, () => undefined),
          withCode('ADDRESS_IN_USE', String(listener.address.port)),
        );
      });

      claim('a port where nobody listens is CONNECTION_REFUSED', open, async (harness) => {
        const { listener } = await listen(harness);
        await listener.close();
        await assert.rejects(
          harness.runtime.network.connect(listener.address),
          withCode('CONNECTION_REFUSED', String(listener.address.port)),
        );
      });

      claim('a closed listener frees its port, and its connections live on', open, async (harness) => {
        const { listener, client, server } = await pair(harness);
        await Promise.all([listener.close(), listener.close()]);
        await listener.close();
        const again = await harness.runtime.network.listen(listener.address, {}, () => undefined);
        await client.connection.send([utf8Bytes('still here')]);
        await until(harness.runtime, 'it arrived', () => server.text() === 'still here');
        await again.close();
      });

      claim('ports and limits that cannot be are INVALID_ARGUMENT', open, async (harness) => {
        const { network } = harness.runtime;
        const ignore = (): void => undefined;
        for (const port of [-1, 65_536, 1.5, Number.NaN]) {
          await assert.rejects(network.connect({ host: harness.host, port }), withCode('INVALID_ARGUMENT'));
          await assert.rejects(network.listen({ host: harness.host, port }, {}, ignore), withCode('INVALID_ARGUMENT'));
        }
        await assert.rejects(network.connect({ host: harness.host, port: 0 }), withCode('INVALID_ARGUMENT'));
        await assert.rejects(
          network.listen({ host: harness.host, port: 0 }, { connectionsMax: 0 }, ignore),
          withCode('INVALID_ARGUMENT'),
        );
      });

      claim('a connection beyond connectionsMax is closed at once; a closed one makes room', open, async (harness) => {
        const { runtime } = harness;
        const { listener, accepted } = await listen(harness, { connectionsMax: 2 });
        const first = await dial(runtime, listener);
        const second = await dial(runtime, listener);
        await until(runtime, 'both were accepted', () => accepted.length === 2);
        assert.ok(await isTurnedAway(runtime, listener));
        assert.equal(accepted.length, 2);
        assert.equal(first.closes + second.closes, 0);
        first.connection.destroy();
        await until(runtime, 'the other end noticed', () => accepted.some((end) => end.closes === 1));
        const third = await dial(runtime, listener);
        await until(runtime, 'it was accepted', () => accepted.length === 3);
        await third.connection.send([utf8Bytes('x')]);
        await until(runtime, 'it works', () => accepted[2]?.text() === 'x');
      });

      claim('a deadline in the past is DEADLINE_EXCEEDED', open, async (harness) => {
        const { runtime } = harness;
        const { listener } = await listen(harness);
        const deadline = monotonicMs(runtime.clock.now() - 1);
        await assert.rejects(
          runtime.network.connect(listener.address, { deadline }),
          withCode('DEADLINE_EXCEEDED', String(listener.address.port)),
        );
      });

      claim('a deadline that is not reached has no effect', open, async (harness) => {
        const { runtime } = harness;
        const { listener, accepted } = await listen(harness);
        const deadline = monotonicMs(runtime.clock.now() + 200);
        const client = endOf(await runtime.network.connect(listener.address, { deadline }));
        await runtime.clock.sleep(300);
        await client.connection.send([utf8Bytes('late')]);
        await until(runtime, 'it arrived', () => accepted[0]?.text() === 'late');
      });

      claim('an aborted signal is CANCELLED, and what arrives late is destroyed', open, async (harness) => {
        const { runtime } = harness;
        const { listener, accepted } = await listen(harness);
        const abort = new AbortController();
        const connecting = runtime.network.connect(listener.address, { signal: abort.signal });
        abort.abort();
        await assert.rejects(connecting, withCode('CANCELLED'));
        await assert.rejects(
          runtime.network.connect(listener.address, { signal: abort.signal }),
          withCode('CANCELLED'),
        );
        await runtime.clock.sleep(50);
        await until(runtime, 'no connection is left', () => accepted.every((end) => end.closes === 1));
      });

      claim('a signal that aborts after the connection is made does not touch it', open, async (harness) => {
        const { runtime } = harness;
        const { listener, accepted } = await listen(harness);
        const abort = new AbortController();
        const client = endOf(await runtime.network.connect(listener.address, { signal: abort.signal }));
        abort.abort();
        await client.connection.send([utf8Bytes('mine')]);
        await until(runtime, 'it arrived', () => accepted[0]?.text() === 'mine');
        assert.equal(client.closes, 0);
      });
    });

    describe('sending', () => {
      claim('bytes arrive in order and once, both ways', open, async (harness) => {
        const { client, server } = await pair(harness);
        const there = Array.from({ length: 40 }, (_, index) => patternBytes(index * 1000, index));
        const back = Array.from({ length: 40 }, (_, index) => patternBytes(index * 900, index + 100));
        const sends = there.map((chunk, index) =>
          client.connection.send([chunk.subarray(0, index), chunk.subarray(index)]),
        );
        sends.push(...back.map((chunk) => server.connection.send([chunk])));
        await Promise.all(sends);
        await until(
          harness.runtime,
          'all arrived',
          () => server.count === totalBytes(there) && client.count === totalBytes(back),
        );
        assert.deepEqual(server.bytes(), Buffer.from(concatBytes(there)));
        assert.deepEqual(client.bytes(), Buffer.from(concatBytes(back)));
      });

      claim('a list of thousands of chunks arrives whole', open, async (harness) => {
        const { client, server } = await pair(harness);
        const chunks = Array.from({ length: 5000 }, (_, index) => patternBytes(index % 7, index));
        await client.connection.send(chunks);
        await until(harness.runtime, 'all arrived', () => server.count === totalBytes(chunks));
        assert.deepEqual(server.bytes(), Buffer.from(concatBytes(chunks)));
      });

      claim('what an accepting end sends at once is not lost', open, async (harness) => {
        const { runtime } = harness;
        const listener = await runtime.network.listen({ host: harness.host, port: 0 }, {}, (connection) => {
          const end = endOf(connection);
          void end.connection.send([utf8Bytes('welcome')]).then(() => {
            end.connection.end();
          });
        });
        const client = await dial(runtime, listener);
        await until(runtime, 'the end came', () => client.ended);
        assert.equal(client.text(), 'welcome');
      });

      claim('sends settle in order, and an empty one waits for its turn', open, async (harness) => {
        const { client, server } = await pair(harness);
        const settled: number[] = [];
        const sizes = [2 * mebibyte, 1, 0, 300_000, 5];
        const sends = sizes.map((size, index) =>
          client.connection.send(size === 0 ? [] : [patternBytes(size)]).then(() => settled.push(index)),
        );
        await Promise.all(sends);
        assert.deepEqual(settled, [0, 1, 2, 3, 4]);
        await until(harness.runtime, 'all arrived', () => server.count === sizes.reduce((sum, size) => sum + size, 0));
      });

      claim('a buffer may change once its send has settled', open, async (harness) => {
        const { client, server } = await pair(harness);
        const buffer = new Uint8Array(100_000);
        for (let round = 0; round < 20; round += 1) {
          buffer.fill(round);
          await client.connection.send([buffer.subarray(0, 10), buffer.subarray(10)]);
          buffer.fill(0xee);
        }
        await until(harness.runtime, 'all arrived', () => server.count === 20 * buffer.byteLength);
        const received = server.bytes();
        for (let round = 0; round < 20; round += 1) {
          const part = received.subarray(round * buffer.byteLength, (round + 1) * buffer.byteLength);
          assert.ok(part.every((byte) => byte === round));
        }
      });

      for (const reader of ['accepting', 'dialling'] as const) {
        claim(`a paused ${reader} end holds the sends of the other back, and loses nothing`, open, async (harness) => {
          const { runtime } = harness;
          const { client, server } = await pair(harness);
          const [from, to] = reader === 'accepting' ? [client, server] : [server, client];
          to.connection.pause();
          const chunkCount = 48;
          let settled = 0;
          const sends = Array.from({ length: chunkCount }, (_, index) =>
            from.connection.send([patternBytes(mebibyte, index)]).then(() => (settled += 1)),
          );
          await runtime.clock.sleep(300);
          assert.ok(settled < chunkCount, 'the network holds 48 MiB of a reader that does not read');
          assert.ok(to.count <= 4 * mebibyte, `${to.count} bytes were delivered to a paused end`);
          to.connection.resume();
          await Promise.all(sends);
          await until(runtime, 'all arrived', () => to.count === chunkCount * mebibyte);
          const received = to.bytes();
          for (let index = 0; index < chunkCount; index += 1) {
            const part = received.subarray(index * mebibyte, (index + 1) * mebibyte);
            assert.ok(part.equals(patternBytes(mebibyte, index)), `MiB ${index} differs`);
          }
        });
      }

      claim('an end may pause inside onData and resume later, again and again', open, async (harness) => {
        const { runtime } = harness;
        const { client, server } = await pair(harness);
        server.pauseOnData = true;
        const bytes = patternBytes(300_000);
        const sending = client.connection.send([bytes]);
        await until(runtime, 'all arrived', () => {
          server.connection.resume();
          return server.count === bytes.byteLength;
        });
        await sending;
        assert.ok(server.bytes().equals(bytes));
      });

      claim('an end that paused before it started gets nothing until it resumes', open, async (harness) => {
        const { runtime } = harness;
        let connection: Connection | undefined;
        let end: End | undefined;
        const listener = await runtime.network.listen({ host: harness.host, port: 0 }, {}, (accepted) => {
          connection = accepted;
          accepted.pause();
          end = endOf(accepted);
        });
        const client = await dial(runtime, listener);
        await client.connection.send([utf8Bytes('patience')]);
        await runtime.clock.sleep(20);
        assert.equal(end?.count, 0);
        connection?.resume();
        await until(runtime, 'it arrived', () => end?.text() === 'patience');
      });
    });

    describe('ending', () => {
      claim('one end may end while the other goes on; both then close without an error', open, async (harness) => {
        const { runtime } = harness;
        const { client, server } = await pair(harness);
        const sending = client.connection.send([utf8Bytes('question')]);
        client.connection.end();
        client.connection.end();
        await sending;
        await until(runtime, 'the end came', () => server.ended);
        assert.equal(server.text(), 'question');
        assert.equal(server.closes + client.closes, 0);
        await server.connection.send([patternBytes(200_000)]);
        server.connection.end();
        await until(runtime, 'both closed', () => client.closes === 1 && server.closes === 1);
        assert.equal(client.count, 200_000);
        assert.deepEqual(client.transcript(), ['data', 'end', 'close']);
        assert.deepEqual(server.transcript(), ['data', 'end', 'close']);
        assert.equal(client.error, undefined);
        assert.equal(server.error, undefined);
      });

      claim('a send after end is CLOSED, those before it complete', open, async (harness) => {
        const { client, server } = await pair(harness);
        const before = client.connection.send([patternBytes(mebibyte)]);
        client.connection.end();
        await assert.rejects(client.connection.send([utf8Bytes('x')]), withCode('CLOSED'));
        await before;
        await until(harness.runtime, 'the end came', () => server.ended);
        assert.equal(server.count, mebibyte);
      });

      claim('a destroyed connection closes as CLOSED here and as CONNECTION_LOST there', open, async (harness) => {
        const { client, server } = await pair(harness);
        client.connection.destroy();
        client.connection.destroy();
        await until(harness.runtime, 'both closed', () => client.closes === 1 && server.closes === 1);
        assert.equal(client.error?.code, 'CLOSED');
        assert.equal(server.error?.code, 'CONNECTION_LOST');
        assert.equal(server.ended, false);
        await assert.rejects(client.connection.send([utf8Bytes('x')]), withCode('CLOSED'));
        await assert.rejects(server.connection.send([utf8Bytes('x')]), withCode('CONNECTION_LOST'));
      });

      claim('destroying rejects the sends that wait, on both ends, and close comes last', open, async (harness) => {
        const { runtime } = harness;
        const { client, server } = await pair(harness);
        server.connection.pause();
        client.connection.pause();
        const codes: string[] = [];
        const note = (end: string) => (error: CairnError) => codes.push(`${end} ${error.code}`);
        const chunk = patternBytes(mebibyte);
        const sends: Promise<unknown>[] = [];
        for (let index = 0; index < 32; index += 1) {
          sends.push(client.connection.send([chunk]).catch(note('client')));
          sends.push(server.connection.send([chunk]).catch(note('server')));
        }
        await runtime.clock.sleep(50);
        client.connection.destroy();
        server.connection.resume();
        await Promise.all(sends);
        await until(runtime, 'both closed', () => client.closes === 1 && server.closes === 1);
        assert.ok(codes.includes('client CLOSED'), codes.join());
        assert.ok(codes.includes('server CONNECTION_LOST'), codes.join());
        assert.equal(new Set(codes).size, 2, codes.join());
        assert.equal(server.transcript().at(-1), 'close');
      });

      claim('nothing is delivered after destroy but the close, which comes later', open, async (harness) => {
        const { client, server } = await pair(harness);
        await server.connection.send([patternBytes(mebibyte)]);
        client.connection.destroy();
        assert.equal(client.closes, 0);
        const { count } = client;
        await until(harness.runtime, 'it closed', () => client.closes === 1);
        assert.equal(client.count, count);
        assert.equal(client.transcript().at(-1), 'close');
      });

      claim('destroying at any moment of an orderly end closes both ends, exactly once', open, async (harness) => {
        const { runtime } = harness;
        for (let turns = 0; turns < 6; turns += 1) {
          const { client, server } = await pair(harness);
          void client.connection.send([patternBytes(100_000)]).catch(() => undefined);
          client.connection.end();
          for (let turn = 0; turn < turns; turn += 1) await runtime.clock.yieldTurn();
          client.connection.destroy();
          // Depending on what got through, the other end saw an orderly end or a reset.
          server.connection.end();
          await until(runtime, 'both closed', () => client.closes > 0 && server.closes > 0);
          assert.deepEqual([client.closes, server.closes], [1, 1]);
        }
      });

      claim('both ends may destroy at once, and each closes exactly once', open, async (harness) => {
        const { client, server } = await pair(harness);
        client.connection.destroy();
        server.connection.destroy();
        await until(harness.runtime, 'both closed', () => client.closes > 0 && server.closes > 0);
        await harness.runtime.clock.sleep(20);
        assert.deepEqual([client.closes, server.closes], [1, 1]);
        assert.deepEqual([client.error?.code, server.error?.code], ['CLOSED', 'CLOSED']);
      });

      claim(
        'a connection that closed in good order may still be ended, destroyed and paused',
        open,
        async (harness) => {
          const { client, server } = await pair(harness);
          client.connection.end();
          server.connection.end();
          await until(harness.runtime, 'both closed', () => client.closes === 1 && server.closes === 1);
          client.connection.end();
          client.connection.pause();
          client.connection.resume();
          client.connection.destroy();
          await harness.runtime.clock.sleep(20);
          assert.deepEqual([client.closes, client.error], [1, undefined]);
        },
      );

      claim('a connection is started once', open, async (harness) => {
        const { client } = await pair(harness);
        assert.throws(() => endOf(client.connection), /started once/);
      });
    });
  });
}

/** One end of a connection with all that happened to it. Chunks are copied, since their memory is reused. */
interface End {
  readonly connection: Connection;
  readonly count: number;
  readonly ended: boolean;
  readonly closes: number;
  readonly error: CairnError | undefined;
  pauseOnData: boolean;
  bytes(): Buffer;
  text(): string;
  /** The kinds of calls in their order, equal neighbours once. */
  transcript(): string[];
}

function endOf(connection: Connection): End {
  const chunks: Uint8Array[] = [];
  const calls: string[] = [];
  const note = (call: string): void => {
    if (calls.at(-1) !== call || call !== 'data') calls.push(call);
  };
  const end = {
    connection,
    count: 0,
    ended: false,
    closes: 0,
    error: undefined as CairnError | undefined,
    pauseOnData: false,
    bytes: () => Buffer.concat(chunks),
    text: () => latin1Text(Buffer.concat(chunks)),
    transcript: () => calls,
  };
  connection.start({
    onData(viewChunk) {
      note('data');
      chunks.push(viewChunk.slice());
      end.count += viewChunk.byteLength;
      if (end.pauseOnData) connection.pause();
    },
    onEnd() {
      note('end');
      end.ended = true;
    },
    onClose(error) {
      note('close');
      end.closes += 1;
      end.error = error;
    },
  });
  return end;
}

interface Listening {
  readonly listener: Listener;
  readonly accepted: readonly End[];
}

async function listen(harness: Harness, options: ListenOptions = {}): Promise<Listening> {
  const accepted: End[] = [];
  const address = { host: harness.host, port: 0 };
  const listener = await harness.runtime.network.listen(address, options, (connection) => {
    accepted.push(endOf(connection));
  });
  return { listener, accepted };
}

async function dial(runtime: Runtime, listener: Listener): Promise<End> {
  return endOf(await runtime.network.connect(listener.address));
}

interface Pair {
  readonly listener: Listener;
  readonly client: End;
  readonly server: End;
}

async function pair(harness: Harness): Promise<Pair> {
  const { listener, accepted } = await listen(harness);
  const client = await dial(harness.runtime, listener);
  await until(harness.runtime, 'it was accepted', () => accepted.length === 1);
  const [server] = accepted;
  assert.ok(server !== undefined);
  return { listener, client, server };
}

/** True when a new connection is refused, or made and then ended by the other side. */
async function isTurnedAway(runtime: Runtime, listener: Listener): Promise<boolean> {
  let end: End;
  try {
    end = await dial(runtime, listener);
  } catch (error) {
    return isCairnError(error);
  }
  await until(runtime, 'it was turned away', () => end.ended || end.closes === 1);
  end.connection.destroy();
  return true;
}
