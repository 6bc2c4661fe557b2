/** What strangers may send to the admin port. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { once } from 'node:events';
import fc from 'fast-check';
import type { HttpListenOptions } from '../../../runtime/http.js';
import { claim, type Harness } from '../contract/harness.js';
import { openNodeHarness } from './harness.js';

async function servePort(harness: Harness, options?: HttpListenOptions): Promise<number> {
  const handler = async (): Promise<{ status: number; contentType: string; body: string }> => {
    return { status: 200, contentType: 'text/plain', body: 'fine' };
  };
  const listener = await harness.runtime.http.listen({ host: harness.host, port: 0 }, handler, options);
  return listener.address.port;
}

/** What the server answers to these bytes until it closes the connection. */
async function say(port: number, sent: string | Uint8Array, end = true): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  let received = '';
  socket.setEncoding('latin1').on('data', (piece: string) => (received += piece));
  socket.on('error', () => undefined);
  socket.on('end', () => socket.end());
  if (end) socket.end(sent);
  else socket.write(sent);
  await once(socket, 'close').finally(() => socket.destroy());
  return received;
}

describe('runtime/node: the admin port and strangers', () => {
  const get = 'GET / HTTP/1.1\r\nHost: x\r\n';
  const cases = [
    { name: 'garbage', sent: '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03', status: '400 Bad Request' },
    { name: 'a method that does not exist', sent: 'FROB / HTTP/1.1\r\nHost: x\r\n\r\n', status: '400 Bad Request' },
    { name: 'headers that are too large', sent: `${get}X: ${'x'.repeat(9_000)}\r\n\r\n`, status: '431 Request Header' },
    { name: 'an endless request line', sent: `GET /${'x'.repeat(20_000)}`, status: '431 Request Header' },
    { name: 'a target without a path', sent: 'GET http://a/b HTTP/1.1\r\nHost: x\r\n\r\n', status: '400 Bad Request' },
    { name: 'a body', sent: `${get}Content-Length: 3\r\n\r\nabc`, status: '413 Payload Too Large' },
    { name: 'a chunked body', sent: `${get}Transfer-Encoding: chunked\r\n\r\n3\r\nabc`, status: '413 Payload' },
    { name: 'two lengths', sent: `${get}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc`, status: '400 Bad Request' },
  ];
  for (const { name, sent, status } of cases) {
    claim(`answers ${name} with ${status} and closes`, openNodeHarness, async (harness) => {
      const port = await servePort(harness);
      const answer = await say(port, Buffer.from(sent, 'latin1'), false);
      assert.ok(answer.startsWith(`HTTP/1.1 ${status}`), answer);
      assert.equal(answer.match(/^HTTP\//gm)?.length, 1);
      assert.equal((await harness.askHttp(port, '/')).status, 200);
    });
  }

  claim('drops a connection whose request never gets complete', openNodeHarness, async (harness) => {
    const port = await servePort(harness, { headersMs: 50 });
    assert.match(await say(port, get, false), /^HTTP\/1\.1 408 /);
  });

  claim('answers an upgrade like any other request, and closes a tunnel', openNodeHarness, async (harness) => {
    const port = await servePort(harness, { headersMs: 50 });
    assert.match(await say(port, `${get}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n`), /^HTTP\/1\.1 200 /);
    assert.equal(await say(port, 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n', false), '');
  });

  claim('closes connections that idle in keep-alive when the listener closes', openNodeHarness, async (harness) => {
    const handler = async (): Promise<{ status: number; contentType: string; body: string }> => {
      return { status: 200, contentType: 'text/plain', body: 'fine' };
    };
    const listener = await harness.runtime.http.listen({ host: harness.host, port: 0 }, handler, { headersMs: 60_000 });
    const socket = connect({ host: '127.0.0.1', port: listener.address.port });
    socket.write(`${get}\r\n`);
    await once(socket, 'data');
    const closed = once(socket, 'close');
    await listener.close();
    await closed;
  });

  claim('survives whatever bytes arrive', openNodeHarness, async (harness) => {
    const port = await servePort(harness, { headersMs: 50 });
    const piece = fc.oneof(
      fc.constantFrom('GET ', '/', ' HTTP/1.1', '\r\n', 'Host: x', 'Content-Length: ', '5', ': ', 'HEAD ', '\r\n\r\n'),
      fc.string({ unit: 'binary', maxLength: 20 }),
    );
    const requests = fc.array(piece, { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(requests, async (pieces) => {
        await say(port, pieces.join(''));
      }),
      { numRuns: 60 },
    );
    assert.equal((await harness.askHttp(port, '/')).status, 200);
  });
});
