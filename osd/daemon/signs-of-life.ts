/**
 * What an OSD says to the monitors unasked: beacons, and reports about its peers and its PGs. On a connection of its own, so that a map
 * of many MiB on its way here holds up neither, to whatever monitor answers: that passes them on to the leader.
 */
import { isCairnError } from '../../base/errors.js';
import { type MonotonicMs, monotonicMs } from '../../base/instants.js';
import type { ClusterMap } from '../../cluster/map.js';
import { beaconMethod, failureMethod, type FailureReport, type OsdBeacon } from '../../protocol/monitor-methods.js';
import { type PgReports, pgReportsMethod } from '../../protocol/pg-reports.js';
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
  readonly #onLead: (lead: number) => void;
  #underWay = 0;
  #heardAt: MonotonicMs | undefined;

  /** `onLead` hears which of its terms the leader that answered is in. */
  constructor(runtime: Runtime, options: HuntOptions, onLead: (lead: number) => void = () => {}) {
    this.#runtime = runtime;
    this.#onLead = onLead;
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
      if (header.lead !== undefined) this.#onLead(header.lead);
    });
  }

  /** As `beacon`; the term of the leader that has heard it, if one has. */
  async pgs(reports: PgReports): Promise<number | undefined> {
    let lead: number | undefined;
    await this.#tell(async (peer, deadline) => {
      ({ lead } = (await peer.call(pgReportsMethod, reports, { deadline })).header);
    });
    return lead;
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
