/** The state as a batch of requests would leave it, while the leader decides them one after the other. */
import { applyChanges } from '../../cluster/apply-incremental.js';
import type { MapChange } from '../../cluster/change.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { WallMs } from '../../base/instants.js';
import type { Effects, HealthMute, StateView } from './types.js';

type KeyChange = NonNullable<Effects<unknown>['keys']>[number];
type MuteChange = NonNullable<Effects<unknown>['mutes']>[number];
type LogLine = NonNullable<Effects<unknown>['log']>[number];

export class Draft {
  readonly #base: StateView;
  readonly #wall: WallMs;
  #map: ClusterMap;
  #mutes: ReadonlyMap<string, HealthMute>;
  readonly changes: MapChange[] = [];
  readonly keys: KeyChange[] = [];
  readonly mutes: MuteChange[] = [];
  readonly log: LogLine[] = [];

  constructor(base: StateView, wall: WallMs) {
    this.#base = base;
    this.#wall = wall;
    this.#map = base.map;
    this.#mutes = base.mutes;
  }

  /** What the next request is decided on. The map's epoch is still that of the base: the batch makes the next one. */
  get view(): StateView {
    const base = this.#base;
    const keys = this.keys.slice();
    return {
      map: this.#map,
      version: base.version,
      wall: this.#wall,
      mutes: this.#mutes,
      key: (name) => {
        const changed = keys.findLast((change) => change.name === name);
        return changed === undefined ? base.key(name) : changed.key;
      },
      audit: (options) => base.audit(options),
      log: (options) => base.log(options),
    };
  }

  get isEmpty(): boolean {
    return this.changes.length + this.keys.length + this.mutes.length + this.log.length === 0;
  }

  /** Throws what is wrong with the changes, and then has taken none of these effects. */
  add({ changes = [], keys = [], mutes = [], log = [] }: Effects<unknown>): void {
    if (changes.length > 0) this.#map = applyChanges(this.#map, changes);
    this.changes.push(...changes);
    this.keys.push(...keys);
    this.mutes.push(...mutes);
    this.log.push(...log);
    if (mutes.length > 0) this.#mutes = withMutes(this.#mutes, mutes);
  }
}

export function withMutes(
  mutes: ReadonlyMap<string, HealthMute>,
  changes: readonly MuteChange[],
): ReadonlyMap<string, HealthMute> {
  const changed = new Map(mutes);
  for (const change of changes) {
    if ('unmuted' in change) changed.delete(change.code);
    else changed.set(change.code, change);
  }
  return changed;
}
