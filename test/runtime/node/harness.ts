import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HttpAnswer } from '../../../runtime/http-exchange.js';
import type { HttpServerFactory } from '../../../runtime/http.js';
import type { Kv, KvStore } from '../../../runtime/kv.js';
import type { Connection, Network } from '../../../runtime/network.js';
import { createNodeRuntime } from '../../../runtime/node/runtime.js';
import type { Harness, HttpGetOptions } from '../contract/harness.js';

/** The machine itself, with a directory of its own. A test that calls `fatal` fails. */
export async function openNodeHarness(): Promise<Harness> {
  const directory = await mkdtemp(join(tmpdir(), 'cairn-test-'));
  const opened: Opened = { connections: [], listeners: [], stores: [] };
  const runtime = createNodeRuntime({
    daemon: 'test',
    logLevel: 'silent',
    onFatal(error) {
      throw error;
    },
  });
  return {
    runtime: {
      ...runtime,
      network: watchNetwork(runtime.network, opened),
      http: watchHttp(runtime.http, opened),
      kv: watchStores(runtime.kv, opened),
    },
    directory,
    host: '127.0.0.1',
    askHttp,
    receiveDatagrams: (onDatagram) => receiveDatagrams(opened, onDatagram),
    run: (body) => body(),
    async close() {
      for (const connection of opened.connections) connection.destroy();
      await Promise.all(opened.listeners.map((listener) => listener.close()));
      await Promise.all(opened.stores.map((store) => store.close()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** What would keep the process, or a lock, alive after the test that opened it. */
interface Opened {
  readonly connections: Connection[];
  readonly listeners: { close(): Promise<void> }[];
  readonly stores: Kv[];
}

function watchNetwork(network: Network, opened: Opened): Network {
  return {
    async connect(address, options) {
      const connection = await network.connect(address, options);
      opened.connections.push(connection);
      return connection;
    },
    async listen(address, options, onConnection) {
      const listener = await network.listen(address, options, (connection) => {
        opened.connections.push(connection);
        onConnection(connection);
      });
      opened.listeners.push(listener);
      return listener;
    },
    openDatagrams() {
      const socket = network.openDatagrams();
      opened.listeners.push(socket);
      return socket;
    },
  };
}

function watchHttp(http: HttpServerFactory, opened: Opened): HttpServerFactory {
  return {
    async listen(address, handler, options) {
      const listener = await http.listen(address, handler, options);
      opened.listeners.push(listener);
      return listener;
    },
  };
}

/** One request over a connection of its own. */
async function askHttp(port: number, target: string, options: HttpGetOptions = {}): Promise<HttpAnswer> {
  const { method = 'GET', headers = {} } = options;
  const outgoing = request({ host: '127.0.0.1', port, path: target, method, headers, agent: false });
  outgoing.end();
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  const pieces: Uint8Array[] = [];
  for await (const piece of answer) pieces.push(piece as Uint8Array);
  const found = Object.entries(answer.headersDistinct).map(([name, values]) => [name, values?.join(', ') ?? '']);
  return {
    status: answer.statusCode ?? 0,
    headers: Object.fromEntries(found) as Record<string, string>,
    body: Buffer.concat(pieces),
  };
}

/** The port of a UDP receiver. */
async function receiveDatagrams(opened: Opened, onDatagram: (bytes: Uint8Array) => void): Promise<number> {
  const socket = createSocket('udp4', onDatagram);
  opened.listeners.push({
    close: async () => {
      socket.close();
    },
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket.address().port;
}

function watchStores(kv: KvStore, opened: Opened): KvStore {
  return {
    async open(directory, options) {
      const store = await kv.open(directory, options);
      opened.stores.push(store);
      return store;
    },
  };
}
