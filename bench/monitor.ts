/**
 * Three monitors as processes on one machine: changes per second, the way of a new map to a thousand subscribers, and the time
 * without a leader after `kill -9`; beside them, in the same minutes, three members of etcd.
 *
 *     node dist/bench/monitor.js [--json] [--quick] [--only=changes,subscribers,failover] [--no-etcd]
 *                                [--seconds=5] [--rounds=3] [--directory=DIR] [--keep] [--node-options=--cpu-prof,...]
 *
 * A change is `config set` of about the size of the put beside it (a key and 128 bytes): each makes or shares an epoch of the
 * map, a record of the cluster log and one of the audit trail, and its answer is kept for retries. Both clients are Node, hold one
 * connection to the leader, and keep so many changes in flight. Rounds alternate, since the machine is not ours alone; the
 * middle one of each counts. The CPU is that of the three servers together and of the client, for each change.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { monotonicMs } from '../base/instants.js';
import { configSet } from '../protocol/commands/config.js';
import type { MonitorSession } from '../protocol/monitor-session.js';
import { createNodeRuntime } from '../runtime/node/runtime.js';
import { CairnCluster } from './monitor/cairn-cluster.js';
import { type EtcdClient, EtcdCluster, etcdVersion } from './monitor/etcd-cluster.js';
import { type LoadResult, quantile, runLoad } from './monitor/load.js';
import { Subscribers } from './monitor/subscribers.js';
import { cpuMicroseconds, type Daemon, exitOnSignals } from './processes.js';

interface Measured extends LoadResult {
  readonly serverMicroseconds: number;
  readonly clientMicroseconds: number;
}

interface Row {
  readonly inFlight: number;
  readonly cairn: Measured;
  readonly etcd: Measured | undefined;
}

const quick = process.argv.includes('--quick');
const seconds = Number(option('seconds') ?? (quick ? 1 : 5));
const rounds = Number(option('rounds') ?? (quick ? 1 : 3));
const only = option('only')?.split(',');
const depths = (option('depths') ?? '1,16,64').split(',').map(Number);
const subscriberCount = 1000;
const epochRounds = quick ? 3 : 20;
const failoverRounds = quick ? 2 : 10;
const warmUpMs = quick ? 1_000 : 10_000;
/** For anything that is not measured. */
const patienceMs = 30_000;

exitOnSignals();
const runtime = createNodeRuntime({ daemon: 'bench', logLevel: 'error' });
const base = option('directory') ?? mkdtempSync(`${process.cwd()}/bench-monitor-`);
const etcdName = process.argv.includes('--no-etcd') ? undefined : etcdVersion();
const loadBefore = loadavg();
const cairn = await CairnCluster.start(runtime, {
  directory: `${base}/cairn`,
  nodeOptions: option('node-options')?.split(',') ?? [],
});
const results: Record<string, unknown> = {};
let changesMade = 0;
try {
  if (wants('changes')) results['changes'] = await measureChanges();
  if (wants('subscribers')) results['subscribers'] = await measureSubscribers();
  if (wants('failover')) results['failover'] = await measureFailover();
} finally {
  await cairn.close();
  if (!process.argv.includes('--keep')) rmSync(base, { recursive: true, force: true });
}
results['load'] = { before: loadBefore, after: loadavg() };
if (process.argv.includes('--json')) console.log(JSON.stringify(results));
else console.log(`load average ${loadBefore[0]?.toFixed(1)} before, ${loadavg()[0]?.toFixed(1)} after`);

async function measureChanges(): Promise<readonly Row[]> {
  const session = await leaderSession();
  const etcd = etcdName === undefined ? undefined : await EtcdCluster.start(`${base}/etcd`);
  const client = await etcd?.client();
  try {
    const rows: Row[] = [];
    const loads = { cairn: cairnChange(session), etcd: client === undefined ? undefined : etcdPut(client) };
    for (const inFlight of depths) {
      // The first seconds are for the compilers, at each depth anew: daemons run for months.
      for (const load of [loads.cairn, loads.etcd])
        if (load !== undefined) await runLoad(load, { inFlight, ms: warmUpMs });
      const [ours, theirs]: [Measured[], Measured[]] = [[], []];
      for (let round = 0; round < rounds; round += 1) {
        const own = await measured(loads.cairn, { inFlight, ms: seconds * 1_000 }, cairn.daemons);
        const other =
          loads.etcd === undefined
            ? undefined
            : await measured(loads.etcd, { inFlight, ms: seconds * 1_000 }, etcd?.daemons ?? []);
        ours.push(own);
        if (other !== undefined) theirs.push(other);
      }
      const row = { inFlight, cairn: middle(ours), etcd: theirs.length === 0 ? undefined : middle(theirs) };
      rows.push(row);
      say(changesText(row));
    }
    return rows;
  } finally {
    client?.close();
    await etcd?.close();
    await session.close();
  }
}

async function measured(
  change: (worker: number, n: number) => Promise<unknown>,
  options: { readonly inFlight: number; readonly ms: number },
  servers: readonly Daemon[],
): Promise<Measured> {
  const used = (): number => servers.reduce((sum, { pid }) => sum + cpuMicroseconds(pid), 0);
  const own = process.cpuUsage();
  const before = used();
  const result = await runLoad(change, options);
  const { user, system } = process.cpuUsage(own);
  return {
    ...result,
    serverMicroseconds: (used() - before) / result.count,
    clientMicroseconds: (user + system) / result.count,
  };
}

/** Each worker has an OSD's section of its own, and changes the same option every time. */
function cairnChange(session: MonitorSession): (worker: number) => Promise<unknown> {
  return (worker) => {
    changesMade += 1;
    // Never what it was before: that would be no change.
    const args = { section: `osd.${worker}`, option: 'osd_heartbeat_grace', value: `20.${changesMade}` };
    return session.change(configSet, args, patience());
  };
}

function etcdPut(client: EtcdClient): (worker: number, n: number) => Promise<unknown> {
  const value = 'v'.repeat(120);
  return (worker, n) => client.put(`osd.${worker}/osd_heartbeat_grace`, `${value}${n % 10}`);
}

async function measureSubscribers() {
  const session = await leaderSession();
  const { leader, monitors } = await cairn.monitors(session);
  const addresses = monitors.map(({ address }) => address);
  const options = { credentials: cairn.credentials, monitors: addresses, count: subscriberCount };
  const subscribers = await Subscribers.connect(runtime, options);
  try {
    const change = cairnChange(session);
    const times: number[][] = [];
    const turns = cairn.watchTurns(leader ?? 'a');
    for (let round = 0; round < epochRounds; round += 1) {
      const { epoch } = await cairn.monitors(session);
      const { done } = subscribers.expect(epoch + 1);
      await change(0);
      times.push([...(await done)]);
    }
    const longestTurnMs = await turns.report();
    const result = {
      subscribers: subscriberCount,
      rounds: epochRounds,
      p50Ms: quantile(times.flat(), 0.5),
      p99Ms: quantile(times.flat(), 0.99),
      allMs: quantile(
        times.map((of) => Math.max(...of)),
        0.5,
      ),
      maxMs: Math.max(...times.flat()),
      leaderLongestTurnMs: longestTurnMs,
    };
    say(
      `${subscriberCount} subscribers have a new epoch, from the call of the change: ` +
        `p50 ${ms(result.p50Ms)}, p99 ${ms(result.p99Ms)}, all ${ms(result.allMs)} (median of ${epochRounds}), max ${ms(result.maxMs)}; ` +
        `longest turn of the leader ${ms(longestTurnMs)}`,
    );
    return result;
  } finally {
    await subscribers.close();
    await session.close();
  }
}

/** From `kill -9` of the leader to the first change acknowledged; the client keeps one change on its way all the time. */
async function measureFailover() {
  const times: number[] = [];
  const session = cairn.session(await addressesOfAll());
  try {
    for (let round = 0; round < failoverRounds; round += 1) {
      const { leader = 'a' } = await cairn.untilVoters(session, 3);
      const change = cairnChange(session);
      await change(0);
      await cairn.kill(leader);
      const killed = performance.now();
      await change(0);
      times.push(performance.now() - killed);
      cairn.startMonitor(leader);
    }
    await cairn.untilVoters(session, 3);
  } finally {
    await session.close();
  }
  const result = { rounds: times.length, p50Ms: quantile(times, 0.5), maxMs: Math.max(...times), times };
  say(
    `failover, from kill -9 of the leader to the first change acknowledged: p50 ${ms(result.p50Ms)}, max ${ms(result.maxMs)} of ${times.length}`,
  );
  return result;
}

async function addressesOfAll() {
  const session = cairn.session();
  try {
    return (await cairn.untilVoters(session, 3)).monitors.map(({ address }) => address);
  } finally {
    await session.close();
  }
}

/** Of etcd, too, it is the leader that the client talks to. */
async function leaderSession(): Promise<MonitorSession> {
  const any = cairn.session();
  try {
    const { monitors } = await cairn.untilVoters(any, 3);
    const leader = monitors.find(({ isLeader }) => isLeader);
    if (leader === undefined) throw new Error('no monitor leads');
    return cairn.session([leader.address]);
  } finally {
    await any.close();
  }
}

function patience() {
  return { deadline: monotonicMs(runtime.clock.now() + patienceMs) };
}

function middle(measurements: readonly Measured[]): Measured {
  const sorted = [...measurements].sort((a, b) => a.perSecond - b.perSecond);
  const found = sorted[Math.floor(sorted.length / 2)];
  if (found === undefined) throw new Error('nothing was measured');
  return found;
}

function changesText({ inFlight, cairn: own, etcd }: Row): string {
  const line = (name: string, m: Measured): string =>
    `${String(inFlight).padStart(3)} in flight  ${name.padEnd(6)}${m.perSecond.toFixed(0).padStart(7)}/s` +
    `  p50 ${m.p50Ms.toFixed(2).padStart(6)} ms  p99 ${m.p99Ms.toFixed(2).padStart(6)} ms` +
    `  CPU each: servers ${m.serverMicroseconds.toFixed(0).padStart(4)} us, client ${m.clientMicroseconds.toFixed(0).padStart(4)} us`;
  if (etcd === undefined) return line('cairn', own);
  const ratio = `x${(own.perSecond / etcd.perSecond).toFixed(2)}`;
  return `${line('cairn', own)}\n${line('etcd', etcd)}  ratio ${ratio}`;
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}

function say(text: string): void {
  if (!process.argv.includes('--json')) console.log(text);
}

function wants(part: string): boolean {
  return only === undefined || only.includes(part);
}

function option(name: string): string | undefined {
  const prefix = `--${name}=`;
  return process.argv.find((argument) => argument.startsWith(prefix))?.slice(prefix.length);
}
