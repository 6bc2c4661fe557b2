/**
 * What an OSD says to the monitors unasked: beacons, and reports about its peers. On a connection of its own, so that a map
 * of many MiB on its way here holds up neither, to whatever monitor answers: that passes them on to the leader.
 */
import { isCairnError } from '../../base/errors.js';
import { type MonotonicMs, monotonicMs } from '../../base/instants.js';
import type { ClusterMap } from '../../cluster/map.js';
import { beaconMethod, failureMethod, type FailureReport, type OsdBeacon } from '../../protocol/monitor-methods.js';
import { type HuntOptions, MonitorHunt } from '../../protocol/monitor-hunt.js';
import type { Runtime } from '../../runtime/runtime.js';
import { HandlerTable } from '../../wire/handlers.js';
import type { Peer } from '../../wire/peer.js';
import { ClusterWall } from './cluster-wall.js';

/** A monitor that has not answered by then may be cut off: another is told next time. */
const tellMs = 3_000;
/** One a second, and reports: more that wait say nothing new. */
const underWayMax = 64;

export class SignsOfLife {
  readonly wall = new ClusterWall();
  readonly #runtime: Runtime;
  readonly #hunt: MonitorHunt;
  #underWay = 0;
  #heardAt: MonotonicMs | undefined;

  constructor(runtime: Runtime, options: HuntOptions) {
    this.#runtime = runtime;
    this.#hunt = new MonitorHunt(runtime, options, new HandlerTable(), () => {});
  }

  /** When a monitor last answered. */
  get heardAt(): MonotonicMs | undefined {
    return this.#heardAt;
  }

  onMap({ monitors }: Pick<ClusterMap, 'monitors'>): void {
    this.#hunt.learn([...monitors.values()].map(({ address }) => address));
  }

  /** Never rejects but for a bug: what does not get there is said again a second later. */
  async beacon(beacon: OsdBeacon): Promise<void> {
    await this.#tell(async (peer, deadline) => {
      const { header } = await peer.call(beaconMethod, beacon, { deadline });
      this.wall.note(header.wall, this.#runtime.clock.now());
    });
  }

  /** As `beacon`. */
  async report(report: FailureReport): Promise<void> {
    await this.#tell((peer, deadline) => peer.call(failureMethod, report, { deadline }));
  }

  async close(): Promise<void> {
    await this.#hunt.close();
  }

  async #tell(say: (peer: Peer, deadline: MonotonicMs) => Promise<unknown>): Promise<void> {
    if (this.#underWay >= underWayMax) return;
    this.#underWay += 1;
    try {
      await this.#say(say);
    } catch (error) {
      if (!isCairnError(error)) throw error;
      this.#runtime.log.debug({ err: error }, 'the monitors were not told');
    } finally {
      this.#underWay -= 1;
    }
  }

  async #say(say: (peer: Peer, deadline: MonotonicMs) => Promise<unknown>): Promise<void> {
    const deadline = monotonicMs(this.#runtime.clock.now() + tellMs);
    const peer = await this.#hunt.connected({ deadline });
    try {
      await say(peer, deadline);
      this.#heardAt = this.#runtime.clock.now();
    } catch (error) {
      if (isCairnError(error)) this.#hunt.giveUp(peer);
      throw error;
    }
  }
}
