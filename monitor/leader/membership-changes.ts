/** Monitors that come and go, at the leader: each change goes into the map and into Raft's membership by one entry. */
import { CairnError } from '../../base/errors.js';
import type { MonotonicMs } from '../../base/instants.js';
import type { MapChange } from '../../cluster/change.js';
import type { MonitorInfo } from '../../cluster/map.js';
import type { JoinReply, JoinRequest } from '../../protocol/monitor-methods.js';
import type { Logger } from '../../runtime/log.js';
import type { Consensus } from '../consensus/types.js';
import type { MonitorMachine } from '../state/machine.js';
import type { ActOptions } from '../commands/types.js';
import type { MembershipControl } from '../commands/membership-control.js';
import { memberId } from '../raft/types.js';
import type { Lead } from './lead.js';
import { nextMembershipStep, without, withLearner } from './membership-plan.js';

/** A cluster of seven survives three failures; more monitors make each change slower and nothing safer. */
const monitorsMax = 9;

/** One disk joins again under the same name, without having been emptied, perhaps once in its life. */
const placesPerDiskMax = 16;

export interface MembershipParts {
  readonly lead: Lead;
  readonly consensus: Consensus;
  readonly machine: MonitorMachine;
  readonly log: Logger;
}

export class MembershipChanges implements MembershipControl {
  readonly #parts: MembershipParts;
  #isStepping = false;

  constructor(parts: MembershipParts) {
    this.#parts = parts;
  }

  /** A monitor with an empty disk becomes a learner under a new member id; asked again for that disk, gets the same. */
  async join({ name, address, disk }: JoinRequest, deadline: MonotonicMs | undefined): Promise<JoinReply> {
    for (let number = 1; number <= placesPerDiskMax; number++) {
      const reply = await this.#joinOnce({ name, address, disk }, number, deadline);
      // The place that this disk once got may have been given up since, with the monitor removed and added again: a member
      // that nobody knows would wait for ever.
      if (this.#parts.machine.state.map.monitors.get(name)?.member === reply.member) return reply;
    }
    throw new CairnError('CONFLICT', `mon.${name} lost its place too often; remove its directory and start it again`);
  }

  async #joinOnce(
    { name, address, disk }: JoinRequest,
    number: number,
    deadline: MonotonicMs | undefined,
  ): Promise<JoinReply> {
    const { lead, consensus } = this.#parts;
    const { result } = await lead.submit({
      name: 'mon.join',
      // New now, whenever the disk was: a late copy finds the monitor in the map, or its key gone with its removal.
      id: { session: disk, number, floor: 1, begun: this.#parts.machine.state.sessions.clockMs },
      deadline,
      isAlone: true,
      audit: undefined,
      evaluate: ({ map }) => {
        const present = map.monitors.get(name);
        if (present !== undefined) this.#checkIsLost(present);
        if (present === undefined && map.monitors.size >= monitorsMax) {
          throw new CairnError('CONFLICT', `there are ${monitorsMax} monitors already; remove one first`);
        }
        const member = map.memberLast + 1;
        const monitor: MonitorInfo = { name, member, address, role: 'learner' };
        const how = present === undefined ? 'joined' : 'lost its disk and joins again';
        return {
          result: { fsid: map.fsid, member } satisfies JoinReply,
          changes: [{ kind: 'monitor', monitor }],
          membership: withLearner(consensus.status.membership, member),
          log: [
            { source: `mon.${name}`, severity: 'info', message: `mon.${name} ${how} as a learner (member ${member})` },
          ],
        };
      },
    });
    return result as JoinReply;
  }

  async remove(name: string, { deadline, audit }: ActOptions): Promise<void> {
    const { lead, consensus } = this.#parts;
    await lead.submit({
      name: 'mon.rm',
      id: undefined,
      deadline,
      isAlone: true,
      audit,
      evaluate: ({ map }) => {
        const monitor = existing(map.monitors, name);
        const membership = without(consensus.status.membership, memberId(monitor.member));
        if (membership.voters.length === 0) {
          throw new CairnError('CONFLICT', `mon.${name} is the only monitor with a vote; add another one first`);
        }
        const entity = `mon.${name}`;
        return {
          result: undefined,
          changes: [
            { kind: 'monitor-removed', name },
            ...(map.entities.has(entity) ? [{ kind: 'entity-removed' as const, name: entity }] : []),
          ],
          keys: [{ name: entity, key: undefined }],
          membership,
          log: [{ source: entity, severity: 'info', message: `${entity} (member ${monitor.member}) was removed` }],
        };
      },
    });
  }

  async transfer(name: string, { audit, ...wait }: ActOptions): Promise<void> {
    const { lead, consensus, machine } = this.#parts;
    await lead.submit({
      name: 'mon.transfer',
      id: undefined,
      deadline: wait.deadline,
      audit,
      evaluate: ({ map }) => ({ result: existing(map.monitors, name).name }),
    });
    await consensus.transfer(memberId(existing(machine.state.map.monitors, name).member), wait);
  }

  /** Takes the next step towards what the map says, if none is under way. */
  step(): void {
    if (this.#isStepping) return;
    const { consensus, machine, log } = this.#parts;
    if (nextMembershipStep(consensus.status, machine.state.map.monitors) === undefined) return;
    this.#isStepping = true;
    this.#takeStep()
      .catch((error: unknown) => log.warn({ err: error }, 'a change of membership did not go through; will retry'))
      .finally(() => {
        this.#isStepping = false;
      });
  }

  async #takeStep(): Promise<void> {
    const { lead, consensus } = this.#parts;
    await lead.submit({
      name: 'mon.membership',
      id: undefined,
      deadline: undefined,
      isAlone: true,
      audit: undefined,
      evaluate: ({ map }) => {
        const step = nextMembershipStep(consensus.status, map.monitors);
        if (step === undefined) throw new CairnError('CONFLICT', 'the membership is as it should be already');
        const { promoted, membership, why } = step;
        const changes: MapChange[] = promoted === undefined ? [] : [{ kind: 'monitor', monitor: promoted }];
        return {
          result: undefined,
          changes,
          membership,
          log: [{ source: 'mon', severity: 'info', message: `monitors changed: ${why}` }],
        };
      },
    });
  }

  /** A second life under one name is let in only when the first is not there any more. */
  #checkIsLost({ name, member }: MonitorInfo): void {
    const { status } = this.#parts.consensus;
    const followed = status.progress.find((progress) => progress.member === member);
    if (status.membership.voters.length === 1 && status.membership.voters[0] === member) {
      throw new CairnError('CONFLICT', `mon.${name} is the only monitor; nobody could take its place`);
    }
    if (member === this.#parts.consensus.self || followed?.isActive === true) {
      throw new CairnError(
        'CONFLICT',
        `mon.${name} is running already (member ${member}); stop it, or choose another name for this one`,
      );
    }
  }
}

function existing(monitors: ReadonlyMap<string, MonitorInfo>, name: string): MonitorInfo {
  const monitor = monitors.get(name);
  if (monitor !== undefined) return monitor;
  throw new CairnError('NOT_FOUND', `there is no mon.${name}; see \`cairn mon dump\``);
}
