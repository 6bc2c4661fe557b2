/** `osd set` and `osd unset`: the flags of the cluster, and what each of them does while it stands. */
import { CairnError } from '../../base/errors.js';
import type { ClusterFlag } from '../../cluster/map.js';
import type { ChangeReport } from '../../protocol/commands/fields.js';
import type { Effects } from '../state/types.js';
import { count } from './osd-selection.js';
import type { CommandContext } from './types.js';

interface FlagArgs {
  readonly flag: ClusterFlag;
  readonly confirmed: boolean;
}

/** What an operator who sets the flag must know. */
const meanings: Readonly<Record<ClusterFlag, string>> = {
  noup: 'OSDs that start stay down and serve nothing until it is unset',
  nodown: 'OSDs that die stay up in the map: clients of their PGs wait instead of going on with the other copies',
  noin: 'OSDs that start get no data until `cairn osd in`',
  noout: 'data of OSDs that stay down is not copied elsewhere: until they are back, their PGs have a copy less',
  nobackfill: 'no PG is copied to an OSD that has nothing of it yet: moves and replacements stand still',
  norebalance: 'data stays where it is while all copies are there, even where CRUSH wants it elsewhere',
  norecover: 'copies that missed writes are not brought up to date: their PGs stay degraded',
  noscrub: 'copies are not compared any more: silent damage is found only by reads',
  'nodeep-scrub': 'the bytes of copies are not verified any more: silent damage is found only by reads',
  pause: 'clients can neither read nor write until it is unset',
};

/** Flags that stop service at once: setting them wants to be meant. */
const stopsService: ReadonlySet<ClusterFlag> = new Set(['pause']);

export function evaluateOsdSet({ flag, confirmed }: FlagArgs, context: CommandContext): Effects<ChangeReport> {
  const { map } = context.state;
  if (map.flags.has(flag)) return { result: { changed: [], messages: [`${flag} is already set`] } };
  if (stopsService.has(flag) && !confirmed) {
    const pools = count(map.pools.size, 'pool');
    throw new CairnError('CONFLICT', `${flag} stops all I/O of clients on ${pools}; add --yes if you mean it`);
  }
  return {
    result: { changed: [flag], messages: [`${flag} is set: ${meanings[flag]}`] },
    changes: [{ kind: 'flag', flag, isSet: true }],
    log: [{ severity: 'warn', source: context.entity.name, message: `flag ${flag} set` }],
  };
}

export function evaluateOsdUnset({ flag }: FlagArgs, context: CommandContext): Effects<ChangeReport> {
  if (!context.state.map.flags.has(flag)) {
    return { result: { changed: [], messages: [`${flag} is not set`] } };
  }
  return {
    result: { changed: [flag], messages: [`${flag} is unset`] },
    changes: [{ kind: 'flag', flag, isSet: false }],
    log: [{ severity: 'info', source: context.entity.name, message: `flag ${flag} unset` }],
  };
}
