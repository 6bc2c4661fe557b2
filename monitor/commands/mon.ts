/** The monitors: who they are, one more, one less, who leads. */
import { CairnError } from '../../base/errors.js';
import { nearest } from '../../base/nearest.js';
import type { MonitorInfo } from '../../cluster/map.js';
import type { NodeAddress } from '../../cluster/osd.js';
import { printAddress } from '../../protocol/address-text.js';
import type { IssuedKey } from '../../protocol/commands/auth.js';
import {
  type MonitorLine,
  type MonitorList,
  monAdd,
  monDump,
  monRm,
  monTransfer,
} from '../../protocol/commands/mon.js';
import { monitorsMax } from '../../protocol/credentials.js';
import type { Effects } from '../state/types.js';
import { freshKey, issueKey, recordOf } from './issue-key.js';
import type { MembershipControl } from './membership-control.js';
import type { ActOptions, CommandContext, CommandTable } from './types.js';

export function registerMonCommands(table: CommandTable, membership: MembershipControl): void {
  table
    .onQuery(monDump, (_args, context) => listMonitors(context))
    .onChange(monAdd, addMonitor)
    .onControl(monRm, async ({ name, confirmed }, context, options) => {
      const consequence = checkRemoval(name, context);
      if (!confirmed) throw new CairnError('CONFLICT', `${consequence}; add --yes to remove it`);
      await membership.remove(name, options);
      return { message: `removed mon.${name}; its disk may be wiped` };
    })
    .onControl(monTransfer, (args, context, options) => transfer(membership, args.name, context, options));
}

function listMonitors({ state, soft }: CommandContext): MonitorList {
  const { map } = state;
  const expected = [...map.entities.keys()]
    .filter((name) => name.startsWith('mon.') && !map.monitors.has(name.slice('mon.'.length)))
    .map((name) => name.slice('mon.'.length));
  return {
    fsid: map.fsid,
    epoch: map.epoch,
    term: soft.raft.term,
    hasQuorum: soft.hasQuorum,
    leader: soft.leaderName,
    ...(soft.hearing === undefined ? {} : { hearing: soft.hearing }),
    monitors: sorted(map.monitors).map((monitor) => monitorLine(monitor, soft)),
    expected: expected.sort(),
  };
}

function monitorLine(monitor: MonitorInfo, soft: CommandContext['soft']): MonitorLine {
  const vitals = soft.monitors.find(({ name }) => name === monitor.name);
  return {
    ...monitor,
    isInQuorum: vitals?.isInQuorum ?? false,
    isLeader: soft.leaderName === monitor.name,
    clockOffsetMs: vitals?.clockOffsetMs,
    diskFreeBytes: vitals?.diskFreeBytes,
    diskTotalBytes: vitals?.diskTotalBytes,
    storeBytes: vitals?.storeBytes,
    version: vitals?.version,
  };
}

function addMonitor(
  { name, address }: { readonly name: string; readonly address?: NodeAddress | undefined },
  context: CommandContext,
): Effects<IssuedKey & { readonly isNew: boolean }> {
  const { map } = context.state;
  const member = map.monitors.get(name);
  if (member !== undefined) {
    throw new CairnError(
      'EXISTS',
      `mon.${name} is a monitor already, at ${printAddress(member.address)}; choose another name, or remove it first`,
    );
  }
  if (address !== undefined) refuseTakenAddress(map.monitors, address);
  const entityName = `mon.${name}`;
  const entity = map.entities.get(entityName);
  const key = context.state.key(entityName);
  if (entity !== undefined && key !== undefined) return { result: { ...issueKey(map, entity, key), isNew: false } };
  if (map.monitors.size >= monitorsMax) {
    throw new CairnError(
      'CONFLICT',
      `${map.monitors.size} monitors are the most; five or seven are enough for anybody`,
    );
  }
  const fresh = { name: entityName, caps: new Map([['mon', 'profile monitor']]) };
  const freshly = freshKey(context);
  return {
    result: { ...issueKey(map, fresh, freshly), isNew: true },
    changes: [{ kind: 'entity', entity: fresh }],
    keys: [{ name: entityName, key: freshly }],
    log: [recordOf(context, `made a key for ${entityName}, which may join`)],
  };
}

function refuseTakenAddress(monitors: ReadonlyMap<string, MonitorInfo>, address: NodeAddress): void {
  const text = printAddress(address);
  const taken = [...monitors.values()].find((monitor) => printAddress(monitor.address) === text);
  if (taken === undefined) return;
  throw new CairnError('CONFLICT', `mon.${taken.name} listens at ${text}; choose another port or host`);
}

/** What it would mean, in a sentence; throws where it would end the quorum. */
function checkRemoval(name: string, { state, soft }: CommandContext): string {
  const monitor = existing(state.map, name);
  if (monitor.role === 'learner') return `mon.${name} has no vote yet: the quorum stays as it is`;
  const voters = sorted(state.map.monitors).filter(({ role }) => role === 'voter');
  const others = voters.filter((voter) => voter.name !== name);
  if (others.length === 0) {
    throw new CairnError(
      'CONFLICT',
      `mon.${name} is the last monitor and holds the cluster map; add another one first`,
    );
  }
  const alive = others.filter((voter) => isAlive(voter, soft));
  const majority = Math.floor(others.length / 2) + 1;
  if (alive.length < majority) {
    throw new CairnError(
      'CONFLICT',
      `without mon.${name} only ${alive.length} of ${others.length} monitors would be in quorum and ${majority} are needed; ` +
        `first start or remove ${others
          .filter((voter) => !alive.includes(voter))
          .map((voter) => `mon.${voter.name}`)
          .join(', ')}`,
    );
  }
  const spare = alive.length - majority;
  const leads = soft.leaderName === name ? ', and it leads, so another one is elected first' : '';
  const survives = spare === 0 ? 'if one more fails, the cluster map can no longer change' : `${spare} more may fail`;
  return `without mon.${name} ${alive.length} of ${others.length} monitors are in quorum (${majority} needed): ${survives}${leads}`;
}

async function transfer(
  membership: MembershipControl,
  name: string,
  { state, soft }: CommandContext,
  options: ActOptions,
): Promise<{ readonly message: string }> {
  const monitor = existing(state.map, name);
  if (soft.leaderName === name) return { message: `mon.${name} already leads` };
  if (monitor.role === 'learner') {
    throw new CairnError('CONFLICT', `mon.${name} has no vote yet; wait until \`cairn mon dump\` shows it as a voter`);
  }
  if (!isAlive(monitor, soft)) {
    throw new CairnError('CONFLICT', `mon.${name} is not in quorum; see \`cairn mon dump\`, and choose one that is`);
  }
  await membership.transfer(name, options);
  return { message: `mon.${name} leads` };
}

function isAlive({ name }: MonitorInfo, soft: CommandContext['soft']): boolean {
  return soft.monitors.some((vitals) => vitals.name === name && vitals.isInQuorum);
}

function existing({ monitors, entities }: CommandContext['state']['map'], name: string): MonitorInfo {
  const found = monitors.get(name);
  if (found !== undefined) return found;
  if (entities.has(`mon.${name}`)) {
    const how = `\`cairn auth rm mon.${name}\` makes its token worthless`;
    throw new CairnError('NOT_FOUND', `mon.${name} was added but never joined; ${how}`);
  }
  const near = nearest(name, monitors.keys());
  const hint =
    near === undefined ? `the monitors are ${[...monitors.keys()].sort().join(', ')}` : `did you mean ${near}?`;
  throw new CairnError('NOT_FOUND', `there is no monitor mon.${name}; ${hint}`);
}

function sorted(monitors: ReadonlyMap<string, MonitorInfo>): MonitorInfo[] {
  return [...monitors.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
