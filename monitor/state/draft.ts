/** The state as a batch of requests would leave it, while the leader decides them one after the other. */
import { runSteps, type Steps } from '../../base/steps.js';
import { applyChangesSteps } from '../../cluster/apply-incremental.js';
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
  #weight = 0;

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

  /** How much there is to encode: a unit is one small change or one record of a PG, some 100 to 200 bytes. */
  get weight(): number {
    return this.#weight;
  }

  /** Throws what is wrong with the changes, and then has taken none of these effects. */
  add(effects: Effects<unknown>): void {
    runSteps(this.addSteps(effects));
  }

  /** As `add`, in steps of a millisecond or two; the view is the old one until the last. One at a time. */
  *addSteps({ changes = [], keys = [], mutes = [], log = [] }: Effects<unknown>): Steps<void> {
    // Only this can throw, so it comes first. The lists may be long: they are not spread into arguments.
    if (changes.length > 0) this.#map = yield* applyChangesSteps(this.#map, changes);
    for (const change of changes) {
      this.changes.push(change);
      this.#weight += change.kind === 'records' ? change.pgs.length : 1;
    }
    for (const change of keys) this.keys.push(change);
    for (const change of mutes) this.mutes.push(change);
    for (const line of log) this.log.push(line);
    this.#weight += keys.length + mutes.length + log.length;
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
