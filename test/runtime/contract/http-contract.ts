import assert from 'node:assert/strict';
import { utf8Bytes, utf8Text } from '../../../base/bytes.js';
import type { HttpAnswer } from '../../../runtime/http-exchange.js';
import { routes } from '../../../runtime/http-routes.js';
import type { HttpHandler, HttpListenOptions, HttpListener } from '../../../runtime/http.js';
import { claim, until, withCode, type Harness, type OpenHarness } from './harness.js';

const text = 'text/plain; charset=utf-8';

async function serve(harness: Harness, handler: HttpHandler, options?: HttpListenOptions): Promise<HttpListener> {
  return harness.runtime.http.listen({ host: harness.host, port: 0 }, handler, options);
}

function shown(answer: HttpAnswer): [number, string | undefined, string] {
  return [answer.status, answer.headers['content-type'], utf8Text(answer.body)];
}

export function httpContract(implementation: string, open: OpenHarness): void {
  describe(`http (${implementation})`, () => {
    claim('hands over path, query and headers, and sends what the handler answers', open, async (harness) => {
      const { address } = await serve(harness, async ({ method, path, query, headers }) => ({
        status: 201,
        contentType: 'text/x-test',
        body: `${method} ${path} ${[...query].join(';')} ${headers.get('x-name')}`,
      }));
      const target = '/a%20b/?x=1&y=%C3%BC&x=2?';
      const answer = await harness.askHttp(address.port, target, { headers: { 'x-name': 'value' } });
      assert.deepEqual(shown(answer), [201, 'text/x-test', 'GET /a%20b/ x,1;y,ü;x,2? value']);
      assert.equal(answer.headers['content-length'], '31');
      assert.equal(answer.headers['cache-control'], 'no-store');
      assert.equal(answer.headers['x-content-type-options'], 'nosniff');
    });

    claim('sends bytes as they are, and of an answer to HEAD only the headers', open, async (harness) => {
      const body = utf8Bytes('ü\0\n');
      const { address } = await serve(harness, async () => ({ status: 200, contentType: text, body }));
      assert.deepEqual(Uint8Array.from((await harness.askHttp(address.port, '/')).body), body);
      const head = await harness.askHttp(address.port, '/', { method: 'HEAD' });
      assert.deepEqual(shown(head), [200, text, '']);
      assert.equal(head.headers['content-length'], '4');
    });

    claim('answers 404 with what there is', open, async (harness) => {
      const ok = async (): Promise<{ status: number; contentType: string; body: string }> => {
        return { status: 200, contentType: text, body: 'ok\n' };
      };
      const { address } = await serve(harness, routes({ '/metrics': ok, '/healthz': ok }));
      assert.deepEqual(shown(await harness.askHttp(address.port, '/healthz?verbose')), [200, text, 'ok\n']);
      for (const target of ['/', '/healthz/', '/constructor', '//healthz']) {
        const expected = 'nothing is here; there are:\n  /healthz\n  /metrics\n';
        assert.deepEqual(shown(await harness.askHttp(address.port, target)), [404, text, expected]);
      }
    });

    claim('refuses other methods with 405 and bodies with 413, without asking the handler', open, async (harness) => {
      let calls = 0;
      const { address } = await serve(harness, async () => {
        calls += 1;
        return { status: 200, contentType: text, body: '' };
      });
      for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
        const answer = await harness.askHttp(address.port, '/', { method });
        assert.deepEqual(shown(answer), [405, text, `${method} is not allowed here; use GET or HEAD\n`]);
        assert.equal(answer.headers['allow'], 'GET, HEAD');
      }
      const answer = await harness.askHttp(address.port, '/', { headers: { 'content-length': '5' } });
      assert.equal(answer.status, 413);
      assert.equal(calls, 0);
    });

    claim('answers 500 when the handler fails or answers nonsense, and serves on', open, async (harness) => {
      const bad: Record<string, HttpHandler> = {
        '/rejects': async () => {
          throw new Error('secret');
        },
        '/throws': () => {
          throw new Error('secret');
        },
        '/status': async () => ({ status: 99, contentType: text, body: '' }),
        '/type': async () => ({ status: 200, contentType: 'text/plain\r\nx-evil: 1', body: '' }),
      };
      const { address } = await serve(harness, routes({ ...bad, '/fine': async () => fine }));
      const fine = { status: 200, contentType: text, body: 'fine' };
      for (const target of Object.keys(bad)) {
        const answer = await harness.askHttp(address.port, target);
        const sentence = 'this request met an unexpected error; the log of the daemon has it\n';
        assert.deepEqual(shown(answer), [500, text, sentence]);
        assert.equal(answer.headers['x-evil'], undefined);
      }
      assert.deepEqual(shown(await harness.askHttp(address.port, '/fine')), [200, text, 'fine']);
    });

    claim('answers 503 for a handler that takes too long, and drops what it says later', open, async (harness) => {
      let late: ((error: Error) => void) | undefined;
      const handler: HttpHandler = () => new Promise((_resolve, reject) => (late = reject));
      const { address } = await serve(harness, handler, { handlerMs: 20 });
      const answer = await harness.askHttp(address.port, '/');
      assert.deepEqual(shown(answer), [503, text, 'the answer took too long; retry later\n']);
      late?.(new Error('too late'));
      await harness.runtime.clock.yieldTurn();
    });

    claim('bounds the requests in progress', open, async (harness) => {
      let release: (() => void) | undefined;
      const { address } = await serve(
        harness,
        () => new Promise((resolve) => (release = () => resolve({ status: 200, contentType: text, body: 'first' }))),
        { connectionsMax: 1 },
      );
      const first = harness.askHttp(address.port, '/');
      await until(harness.runtime, 'it is in progress', () => release !== undefined);
      // Refused with 503, or by closing the connection.
      const second = await harness.askHttp(address.port, '/').then(
        (answer) => answer.status,
        () => 503,
      );
      assert.equal(second, 503);
      release?.();
      assert.deepEqual(shown(await first), [200, text, 'first']);
    });

    claim('listens at a port of its own, which is free again after close', open, async (harness) => {
      const { runtime, host } = harness;
      const handler: HttpHandler = async () => ({ status: 200, contentType: text, body: 'ok' });
      const first = await serve(harness, handler);
      assert.ok(first.address.port > 0);
      await assert.rejects(runtime.http.listen(first.address, handler), withCode('ADDRESS_IN_USE'));
      await assert.rejects(
        runtime.network.listen(first.address, {}, () => undefined),
        withCode('ADDRESS_IN_USE'),
      );
      await first.close();
      await first.close();
      await assert.rejects(harness.askHttp(first.address.port, '/'));
      const second = await runtime.http.listen({ host, port: first.address.port }, handler);
      assert.equal((await harness.askHttp(second.address.port, '/')).status, 200);
    });

    claim('refuses addresses and limits that cannot be right', open, async (harness) => {
      const { runtime, host } = harness;
      const handler: HttpHandler = async () => ({ status: 200, contentType: text, body: '' });
      for (const port of [-1, 65_536, 1.5]) {
        await assert.rejects(runtime.http.listen({ host, port }, handler), withCode('INVALID_ARGUMENT'));
      }
      for (const options of [{ connectionsMax: 0 }, { headersMs: 0.5 }, { handlerMs: -1 }]) {
        await assert.rejects(runtime.http.listen({ host, port: 0 }, handler, options), withCode('INVALID_ARGUMENT'));
      }
    });
  });
}
