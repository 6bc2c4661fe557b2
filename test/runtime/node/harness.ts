import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kv, KvStore } from '../../../runtime/kv.js';
import type { Connection, Listener, Network } from '../../../runtime/network.js';
import { createNodeRuntime } from '../../../runtime/node/runtime.js';
import type { Harness } from '../contract/harness.js';

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
    runtime: { ...runtime, network: watchNetwork(runtime.network, opened), kv: watchStores(runtime.kv, opened) },
    directory,
    host: '127.0.0.1',
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
  readonly listeners: Listener[];
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
  };
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
