/**
 * What a call costs: two processes over loopback, checksums on. `node dist/bench/wire.js [--json] [--quick]`.
 * Medians of several rounds; CPU is `process.cpuUsage` of each process, per call.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { HandlerTable } from '../wire/handlers.js';
import { defineMethod } from '../wire/method.js';
import { Dialer } from '../wire/dialer.js';
import { WireListener } from '../wire/listener.js';
import type { WireRuntime } from '../wire/peer-connection.js';
import { NodeClock } from '../runtime/node/clock.js';
import { NodeMemory } from '../runtime/node/memory.js';
import { NodeNetwork } from '../runtime/node/network.js';
import { NodeRandom } from '../runtime/node/random.js';
import type { Logger } from '../runtime/log.js';

interface EchoHeader {
  readonly pool: number;
  readonly pg: number;
  readonly term: number;
  readonly object: string;
  readonly offset: number;
  readonly length: number;
}

const echo = defineMethod<EchoHeader, { readonly version: number }>('bench.echo');
const put = defineMethod<EchoHeader, { readonly version: number }>('bench.put');
const get = defineMethod<EchoHeader, { readonly version: number }>('bench.get');
const usage = defineMethod<undefined, number>('bench.usage');

const MiB = 1024 * 1024;

interface Case {
  readonly name: string;
  readonly kind: 'echo' | 'put' | 'get';
  readonly bytes: number;
  readonly depth: number;
}

interface Result extends Case {
  readonly perSecond: number;
  readonly mebibytesPerSecond: number;
  readonly clientMicroseconds: number;
  readonly serverMicroseconds: number;
}

const quiet: Logger = {
  debug: () => {},
  info: () => {},
  warn: (fields, sentence) => console.error(sentence, fields),
  error: (fields, sentence) => console.error(sentence, fields),
  child: () => quiet,
};

function runtime(): WireRuntime {
  const clock = new NodeClock();
  return {
    clock,
    log: quiet,
    memory: new NodeMemory(),
    random: new NodeRandom(),
    network: new NodeNetwork(clock, quiet),
  };
}

if (process.send === undefined) await runClient();
else await runServer();

async function runServer(): Promise<void> {
  const source = Buffer.alloc(4 * MiB, 7);
  const handlers = new HandlerTable()
    .on(echo, (request) => ({ header: { version: request.header.term }, payload: request.payload }))
    .on(put, (request) => {
      request.release();
      return { header: { version: request.header.term } };
    })
    .on(get, (request) => ({
      header: { version: request.header.term },
      payload: source.subarray(0, request.header.length),
    }))
    .on(usage, () => ({ header: cpuMicroseconds() }));
  const identity = { name: 'osd.0', role: 'osd' };
  const key = new Uint8Array(32);
  const listener = await WireListener.listen(
    runtime(),
    { address: { host: '127.0.0.1', port: 0 }, identity },
    { handlers, keys: { keyFor: () => key } },
  );
  process.send?.(listener.address.port);
  process.on('disconnect', () => process.exit(0));
}

async function runClient(): Promise<void> {
  const rounds = process.argv.includes('--quick') ? 1 : 3;
  const roundMs = process.argv.includes('--quick') ? 500 : 1000;
  const server = fork(fileURLToPath(import.meta.url), { execArgv: [] });
  const port = await portOf(server);
  const dialer = new Dialer(
    runtime(),
    { address: { host: '127.0.0.1', port }, identity: { name: 'client.bench', role: 'client' } },
    { key: new Uint8Array(32) },
  );
  const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice(7);
  const results: Result[] = [];
  for (const c of cases().filter((c) => only === undefined || c.name.startsWith(only))) {
    await measure(dialer, c, roundMs / 3);
    const measured: Result[] = [];
    for (let round = 0; round < rounds; round++) measured.push(await measure(dialer, c, roundMs));
    measured.sort((a, b) => a.perSecond - b.perSecond);
    const median = measured[Math.floor(measured.length / 2)];
    if (median !== undefined) results.push(median);
  }
  await dialer.close();
  server.disconnect();
  print(results);
}

function portOf(server: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    server.once('message', (port: number) => resolve(port));
  });
}

function cases(): Case[] {
  const all: Case[] = [];
  for (const bytes of [100, 4096]) {
    for (const depth of [1, 16, 128]) all.push({ name: `echo ${bytes} d=${depth}`, kind: 'echo', bytes, depth });
  }
  for (const kind of ['put', 'get'] as const) {
    for (const mebibytes of [1, 4]) {
      all.push({ name: `${kind} ${mebibytes} MiB d=4`, kind, bytes: mebibytes * MiB, depth: 4 });
    }
  }
  return all;
}

async function measure(dialer: Dialer, c: Case, roundMs: number): Promise<Result> {
  const payload = Buffer.alloc(c.bytes, 5);
  const header: EchoHeader = { pool: 3, pg: 417, term: 12, object: 'photos/2024/a.jpg', offset: 0, length: c.bytes };
  const serverBefore = await dialer.call(usage, undefined);
  const clientBefore = cpuMicroseconds();
  const startMs = performance.now();
  let calls = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() - startMs < roundMs) {
      if (c.kind === 'echo') await dialer.call(echo, header, { payload });
      else if (c.kind === 'put') await dialer.call(put, header, { payload });
      else (await dialer.call(get, header)).release();
      calls++;
    }
  };
  await Promise.all(Array.from({ length: c.depth }, worker));
  const seconds = (performance.now() - startMs) / 1000;
  const clientUsed = cpuMicroseconds() - clientBefore;
  const serverAfter = await dialer.call(usage, undefined);
  return {
    ...c,
    perSecond: calls / seconds,
    mebibytesPerSecond: (calls * c.bytes) / MiB / seconds,
    clientMicroseconds: clientUsed / calls,
    serverMicroseconds: (serverAfter.header - serverBefore.header) / calls,
  };
}

function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function print(results: readonly Result[]): void {
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify(results));
    return;
  }
  console.log(
    `${'case'.padEnd(20)}${'calls/s'.padStart(12)}${'MiB/s'.padStart(10)}${'client us'.padStart(12)}${'server us'.padStart(12)}`,
  );
  for (const r of results) {
    console.log(
      r.name.padEnd(20) +
        r.perSecond.toFixed(0).padStart(12) +
        r.mebibytesPerSecond.toFixed(0).padStart(10) +
        r.clientMicroseconds.toFixed(1).padStart(12) +
        r.serverMicroseconds.toFixed(1).padStart(12),
    );
  }
}
