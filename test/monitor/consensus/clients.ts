/** Clients that write and read registers through any member, and an administrator that changes who is a member. */
import { isCairnError, type CairnError } from '../../../base/errors.js';
import { emptyBytes } from '../../../base/bytes.js';
import { monotonicMs } from '../../../base/instants.js';
import type { Membership, MemberId } from '../../../monitor/raft/types.js';
import type { Cluster, Site } from './cluster.js';
import { encodeCommand, type Command } from './history.js';

type Running = Site & { running: NonNullable<Site['running']> };

const keys = ['x', 'y'];
const patienceMs = 400;

/** Operations one after the other until `isOver`. */
export async function runClient(cluster: Cluster, name: string, isOver: () => boolean): Promise<void> {
  const random = cluster.world.stream(`client ${name}`);
  for (let count = 0; !isOver(); count++) {
    await cluster.world.sleep(random.between(1, 30));
    const site = random.chance(0.6) ? (cluster.leader ?? pick(cluster, random.float())) : pick(cluster, random.float());
    if (site === undefined) continue;
    const key = random.pick(keys);
    try {
      if (random.chance(0.4)) await read(cluster, site, key);
      else await write(cluster, site, { ...commandOf(cluster, random.chance(0.5), key), id: `${name}.${count}` });
    } catch (error) {
      cluster.fail(error);
    }
  }
}

export async function write(cluster: Cluster, site: Running, command: Command): Promise<boolean> {
  const { consensus } = site.running;
  const { floor } = cluster.history;
  const proposal = consensus.propose(encodeCommand(command), waitOf(site)).then(
    ({ index }) => {
      cluster.history.acknowledged(command, index, floor);
      return true;
    },
    (error: unknown) => {
      if (!isExpected(error)) throw error;
      if (error.applied === 'no') cluster.history.refused(command);
      return false;
    },
  );
  return await orGone(cluster, proposal);
}

export async function read(cluster: Cluster, site: Running, key: string): Promise<boolean> {
  const { consensus, registers } = site.running;
  const { floor } = cluster.history;
  const barrier = consensus.readBarrier(waitOf(site)).then(
    () => {
      cluster.history.read(key, registers.read(key), floor);
      return true;
    },
    (error: unknown) => {
      if (!isExpected(error)) throw error;
      return false;
    },
  );
  return await orGone(cluster, barrier);
}

/** Keeps `votersWanted` voters where it can, of those that live; now and then changes them for no reason. */
export async function administer(cluster: Cluster, isOver: () => boolean): Promise<void> {
  const random = cluster.world.stream('administrator');
  while (!isOver()) {
    await cluster.world.sleep(random.between(50, 200));
    const { leader } = cluster;
    if (leader === undefined) continue;
    const { membership } = leader.running.consensus.status;
    const wanted = nextMembership(cluster, membership, random.float());
    if (wanted === undefined) continue;
    const change = leader.running.consensus.changeMembership(wanted, emptyBytes, waitOf(leader)).then(
      () => true,
      (error: unknown) => {
        if (!isExpected(error) && !isCairnError(error, 'INVALID_ARGUMENT')) cluster.fail(error);
        return false;
      },
    );
    await orGone(cluster, change);
  }
}

/** Members whose disk is gone go first; then learners are promoted; then somebody joins or leaves. */
function nextMembership(cluster: Cluster, now: Membership, chance: number): Membership | undefined {
  const { voters, learners } = now;
  const isGone = (member: MemberId): boolean => cluster.siteOf(member) === undefined;
  const gone = [...voters, ...learners].find(isGone);
  if (gone !== undefined) return without(now, gone);
  const [learner] = learners;
  if (learner !== undefined && chance < 0.7)
    return { voters: sorted([...voters, learner]), learners: learners.slice(1) };
  const outside = cluster.sites.find(({ member }) => !voters.includes(member) && !learners.includes(member));
  if (outside !== undefined && chance < 0.5) return { voters, learners: sorted([...learners, outside.member]) };
  const victim = voters[Math.floor(chance * 1_000) % voters.length];
  return voters.length > 3 && victim !== undefined && chance > 0.8 ? without(now, victim) : undefined;
}

function without({ voters, learners }: Membership, member: MemberId): Membership {
  return { voters: voters.filter((other) => other !== member), learners: learners.filter((other) => other !== member) };
}

function sorted(members: readonly MemberId[]): MemberId[] {
  return [...members].sort((a, b) => a - b);
}

function commandOf(cluster: Cluster, isAppend: boolean, key: string): Command {
  if (isAppend) return { kind: 'append', id: '', key };
  const some = cluster.alive[0]?.running.registers.read(key).value.at(-1);
  return { kind: 'compare-and-set', id: '', key, expected: some ?? '-' };
}

function pick(cluster: Cluster, chance: number): Running | undefined {
  const { alive } = cluster;
  return alive[Math.floor(chance * alive.length)];
}

function waitOf({ running }: Running): { readonly deadline: ReturnType<typeof monotonicMs> } {
  return { deadline: monotonicMs(running.runtime.clock.now() + patienceMs) };
}

function isExpected(error: unknown): error is CairnError {
  return ['CONFLICT', 'CANCELLED', 'DEADLINE_EXCEEDED', 'CLOSED', 'OVERLOADED'].some((code) =>
    isCairnError(error, code as 'CONFLICT'),
  );
}

/** A member that dies never answers; one that stands still answers late, and then it counts. */
async function orGone(cluster: Cluster, answer: Promise<boolean>): Promise<boolean> {
  answer.catch((error: unknown) => cluster.fail(error));
  return await Promise.race([answer, cluster.world.sleep(2 * patienceMs).then(() => false)]);
}
