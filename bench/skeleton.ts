/**
 * The path of a 4 KiB PUT and GET, whole: a client, three OSD processes under a fixed map, `wire/` between them, three synced
 * copies. Beside docs/NODE-LIMITS.md section 7, which has the same shape with a gateway before it.
 *
 *     npm run bench:skeleton -- [--json] [--quick] [--dir DIR]
 */
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { objectHash, pgOfHash } from '../cluster/object-placement.js';
import { osdId, type OsdId } from '../cluster/ids.js';
import { mkfs } from '../osd/store/mkfs.js';
import { openStore } from '../osd/store/open-store.js';
import { getMethod, putMethod, type ObjectHeader } from '../osd/shell/methods.js';
import { OsdShell } from '../osd/shell/osd-shell.js';
import { Routes } from '../osd/shell/routes.js';
import { createNodeRuntime } from '../runtime/node/runtime.js';
import { Dialer } from '../wire/dialer.js';
import { HandlerTable } from '../wire/handlers.js';
import { WireListener } from '../wire/listener.js';
import { fixedMap, fixedPgNum, fixedPool } from './skeleton/fixed-map.js';

const osdCount = 3;
const objectBytes = 4096;
const key = new Uint8Array(32);
const host = '127.0.0.1';

type ToOsd = { readonly kind: 'peers'; readonly ports: readonly number[] } | { readonly kind: 'usage' };
type FromOsd =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'ready' }
  | { readonly kind: 'usage'; readonly microseconds: number };

interface Row {
  readonly what: string;
  readonly inFlight: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly clientMicroseconds: number;
  readonly osdMicroseconds: number;
}

const role = process.env['CAIRN_SKELETON_OSD'];
if (role === undefined) await runClient();
else await runOsd(Number(role), process.env['CAIRN_SKELETON_DIR'] ?? '');

async function runOsd(id: number, directory: string): Promise<void> {
  const runtime = createNodeRuntime({ daemon: `osd.${id}`, logLevel: 'error' });
  await mkfs(runtime, directory, { osd: id, capacityBytes: 4 * 2 ** 30 });
  const store = await openStore(runtime, directory);
  const dialers = new Map<OsdId, Dialer>();
  const shell = new OsdShell({
    osd: osdId(id),
    store,
    routes: new Routes(fixedMap(osdCount)),
    peer: (osd) => {
      const dialer = dialers.get(osd);
      if (dialer === undefined) throw new Error(`osd.${osd} is not known yet`);
      return dialer;
    },
  });
  const handlers = shell.register(new HandlerTable());
  const identity = { name: `osd.${id}`, role: 'osd' };
  const listener = await WireListener.listen(
    runtime,
    { address: { host, port: 0 }, identity },
    { handlers, keys: { keyFor: () => key } },
  );
  process.on('message', (message: ToOsd) => {
    if (message.kind === 'usage') {
      tell({ kind: 'usage', microseconds: cpuMicroseconds() });
      return;
    }
    message.ports.forEach((port, other) => {
      if (other !== id) dialers.set(osdId(other), new Dialer(runtime, { address: { host, port }, identity }, { key }));
    });
    tell({ kind: 'ready' });
  });
  process.on('disconnect', () => process.exit(0));
  tell({ kind: 'listening', port: listener.address.port });
}

function tell(message: FromOsd): void {
  process.send?.(message);
}

async function runClient(): Promise<void> {
  const isQuick = process.argv.includes('--quick');
  const directory = mkdtempSync(join(resolve(argument('--dir') ?? '.'), 'bench-skeleton-'));
  const osds = Array.from({ length: osdCount }, (_, id) => startOsd(id, join(directory, `osd.${id}`)));
  try {
    const ports = await Promise.all(osds.map(async (osd) => (await answerOf(osd, 'listening')).port));
    for (const osd of osds) osd.send({ kind: 'peers', ports } satisfies ToOsd);
    await Promise.all(osds.map((osd) => answerOf(osd, 'ready')));
    print(await measureAll(osds, ports, isQuick ? 1_000 : 5_000));
  } finally {
    for (const osd of osds) osd.disconnect();
    await Promise.all(osds.map((osd) => new Promise((done) => osd.once('exit', done))));
    rmSync(directory, { recursive: true, force: true });
  }
}

function startOsd(id: number, directory: string): ChildProcess {
  const env = {
    ...process.env,
    CAIRN_SKELETON_OSD: String(id),
    CAIRN_SKELETON_DIR: directory,
    UV_THREADPOOL_SIZE: '8',
  };
  return fork(fileURLToPath(import.meta.url), { env, execArgv: [] });
}

function answerOf<K extends FromOsd['kind']>(osd: ChildProcess, kind: K): Promise<Extract<FromOsd, { kind: K }>> {
  return new Promise((onAnswer, onFailed) => {
    const onExit = (code: number | null): void => onFailed(new Error(`an OSD ended with ${code ?? 'a signal'}`));
    const onMessage = (message: FromOsd): void => {
      if (message.kind !== kind) return;
      osd.off('exit', onExit);
      osd.off('message', onMessage);
      onAnswer(message as Extract<FromOsd, { kind: K }>);
    };
    osd.on('exit', onExit);
    osd.on('message', onMessage);
  });
}

async function measureAll(osds: readonly ChildProcess[], ports: readonly number[], ms: number): Promise<Row[]> {
  const runtime = createNodeRuntime({ daemon: 'client', logLevel: 'error' });
  const identity = { name: 'client.bench', role: 'client' };
  const dialers = ports.map((port) => new Dialer(runtime, { address: { host, port }, identity }, { key }));
  const routes = new Routes(fixedMap(osdCount));
  const data = Buffer.alloc(objectBytes, 7);
  const session = Buffer.alloc(16, 1);
  let number = 0;
  const headerOf = (index: number): ObjectHeader => {
    const name = { namespace: '', locator: '', name: `object-${index}` };
    return { pool: fixedPool, pg: pgOfHash(objectHash(fixedPool, name), fixedPgNum), ...name };
  };
  const primaryOf = ({ pg }: ObjectHeader): Dialer => {
    const [primary = 0] = routes.acting({ pool: fixedPool, pg });
    return dialers[primary] as Dialer;
  };
  const put = async (): Promise<void> => {
    const header = headerOf(number++);
    const request = { ...header, offset: 0, session, request: number };
    await primaryOf(header).call(putMethod, request, { payload: data });
  };
  const get = async (): Promise<void> => {
    const header = headerOf(Math.floor(Math.random() * number));
    const { payload } = await primaryOf(header).call(getMethod, { ...header, offset: 0, bytes: objectBytes });
    if (payload.byteLength !== objectBytes || payload[0] !== 7) throw new Error(`${header.name} is not what was put`);
  };
  await load(osds, 'warm up', put, 64, Math.min(ms, 2_000));
  const rows: Row[] = [];
  for (const inFlight of [1, 16, 64]) rows.push(await load(osds, 'PUT 4 KiB', put, inFlight, ms));
  await load(osds, 'warm up', get, 64, Math.min(ms, 1_000));
  for (const inFlight of [1, 16, 64]) rows.push(await load(osds, 'GET 4 KiB', get, inFlight, ms));
  await Promise.all(dialers.map((dialer) => dialer.close()));
  return rows;
}

async function load(
  osds: readonly ChildProcess[],
  what: string,
  call: () => Promise<void>,
  inFlight: number,
  ms: number,
): Promise<Row> {
  const latencies: number[] = [];
  const osdsBefore = await usageOf(osds);
  const clientBefore = cpuMicroseconds();
  const began = performance.now();
  const lane = async (): Promise<void> => {
    while (performance.now() - began < ms) {
      const start = performance.now();
      await call();
      latencies.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  const elapsedMs = performance.now() - began;
  const clientUsed = cpuMicroseconds() - clientBefore;
  const osdsUsed = (await usageOf(osds)) - osdsBefore;
  latencies.sort((a, b) => a - b);
  const count = latencies.length;
  const at = (share: number): number => latencies[Math.min(count - 1, Math.floor(share * count))] ?? 0;
  return {
    what,
    inFlight,
    perSecond: (1_000 * count) / elapsedMs,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    clientMicroseconds: clientUsed / count,
    osdMicroseconds: osdsUsed / count,
  };
}

async function usageOf(osds: readonly ChildProcess[]): Promise<number> {
  const answers = osds.map(async (osd) => {
    const answer = answerOf(osd, 'usage');
    osd.send({ kind: 'usage' } satisfies ToOsd);
    return (await answer).microseconds;
  });
  return (await Promise.all(answers)).reduce((sum, one) => sum + one, 0);
}

function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function argument(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}

function print(rows: readonly Row[]): void {
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify(rows));
    return;
  }
  console.log('                 in flight       /s   p50 ms   p99 ms   CPU us: client   3 OSDs');
  for (const row of rows) {
    const numbers = [
      String(row.inFlight).padStart(12),
      row.perSecond.toFixed(0).padStart(9),
      row.p50Ms.toFixed(2).padStart(9),
      row.p99Ms.toFixed(2).padStart(9),
      row.clientMicroseconds.toFixed(1).padStart(17),
      row.osdMicroseconds.toFixed(1).padStart(9),
    ];
    console.log(`${row.what.padEnd(14)}${numbers.join('')}`);
  }
}
