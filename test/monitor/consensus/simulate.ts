/** One world: members under a workload with every fault there is, watched step by step; then peace, progress, equality. */
import assert from 'node:assert/strict';
import { World } from '../../../runtime/sim/world.js';
import { administer, read, runClient, write } from './clients.js';
import { assertEqualStates, Cluster } from './cluster.js';
import { injectFaults, mend } from './faults.js';

export interface Outcome {
  readonly acknowledged: number;
  readonly refused: number;
  readonly reads: number;
  /** The last entry of the log. */
  readonly last: number;
  readonly terms: number;
  /** Snapshots that were sent to their ends though newer ones had taken their place, and those that were not. */
  readonly outlived: number;
  readonly begunAnew: number;
  readonly events: number;
  readonly traceHash: string;
}

const clientCount = 3;
/** After the last fault a command commits, and everybody has it, in so much world time: some 25 election timeouts. */
const progressMs = 5_000;

export async function simulate(seed: number): Promise<Outcome> {
  const world = new World({ seed, traceLines: 40, replay: `npm run sim:raft -- --seed ${seed}` });
  return await world.main(async () => {
    const carrier = world.machine('network').start('carrier', async () => {});
    await carrier.finished;
    const random = world.stream('shape');
    const counts = { founders: random.pick([3, 3, 5]), spares: random.pick([0, 1, 2]) };
    const cluster = new Cluster(world, carrier.runtime, counts);
    for (const site of cluster.sites) cluster.boot(site);
    await runFaulty(cluster, random.pick([600, 1_200, 2_000]));
    await settle(cluster);
    cluster.history.check();
    const { acknowledged, refused, reads } = cluster.history.counts;
    const terms = cluster.leader?.running.consensus.status.term ?? 0;
    const { last } = cluster.history;
    const { snapshotsOutlived: outlived, transfersBegunAnew: begunAnew } = cluster.invariants;
    const { eventCount: events, traceHash } = world;
    return { acknowledged, refused, reads, last, terms, outlived, begunAnew, events, traceHash };
  });
}

async function runFaulty(cluster: Cluster, ms: number): Promise<void> {
  const { world } = cluster;
  const end = world.now + ms;
  const isOver = (): boolean => world.now >= end || cluster.failure !== undefined;
  const clients = Array.from({ length: clientCount }, (_, i) => runClient(cluster, `${i}`, isOver));
  await Promise.all([...clients, administer(cluster, isOver), injectFaults(cluster, isOver)]);
  cluster.checkDeaths();
}

async function settle(cluster: Cluster): Promise<void> {
  const { world } = cluster;
  const end = world.now + progressMs;
  let hasWritten = false;
  for (let attempt = 0; ; attempt++) {
    mend(cluster);
    assert.ok(
      world.now < end,
      `${hasWritten ? 'not all members have caught up' : 'no command commits'} after the faults: ${describe(cluster)}`,
    );
    await world.sleep(20);
    cluster.checkDeaths();
    const { leader } = cluster;
    if (leader === undefined) continue;
    hasWritten ||= await write(cluster, leader, { kind: 'append', id: `last.${attempt}`, key: 'x' });
    if (hasWritten && haveAll(cluster)) break;
  }
  const { membership } = cluster.leader?.running.consensus.status ?? { membership: cluster.founders };
  const members = cluster.alive.filter(({ member }) => [...membership.voters, ...membership.learners].includes(member));
  assert.ok(members.length >= 2, `${members.length} members are left`);
  assertEqualStates(members);
  for (const site of members) assert.ok(await read(cluster, site, 'x'), `member ${site.member} answers no read`);
  cluster.checkDeaths();
}

/** Whether all members have applied the whole log. */
function haveAll(cluster: Cluster): boolean {
  const status = cluster.leader?.running.consensus.status;
  if (status === undefined) return false;
  const { voters, learners } = status.membership;
  return [...voters, ...learners].every((member) => {
    const site = cluster.siteOf(member);
    // One that lost its disk just before the peace is still in the membership.
    if (site === undefined) return true;
    return cluster.alive.some((other) => other === site) && site.running?.registers.applied === cluster.history.last;
  });
}

function describe(cluster: Cluster): string {
  return cluster.sites
    .map(({ member, running, process }) => {
      if (running === undefined || process?.isAlive !== true) return `${member} is not up`;
      const { role, term, leader, commit, applied, last, membership } = running.consensus.status;
      const members = `${membership.voters.join()}+${membership.learners.join()}`;
      return `${member} ${role} term ${term} of ${leader} commit ${commit} applied ${applied} last ${last} (${members})`;
    })
    .join('; ');
}
