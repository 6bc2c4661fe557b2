/**
 * OSDs as far as the monitors can tell, over real connections: each has a key, registers, and beacons until it ends. They
 * store nothing and watch nobody, so that commands about OSDs have something to be about.
 */
import { type OsdId, osdId } from '../../cluster/ids.js';
import { isCairnError } from '../../base/errors.js';
import { authAdd } from '../../protocol/commands/auth.js';
import { osdRegister } from '../../protocol/commands/osd.js';
import type { Credentials } from '../../protocol/credentials.js';
import { MonitorHunt } from '../../protocol/monitor-hunt.js';
import { beaconMethod } from '../../protocol/monitor-methods.js';
import { MonitorSession } from '../../protocol/monitor-session.js';
import { HandlerTable } from '../../wire/handlers.js';
import { here, within } from './children.js';

const capacityBytes = 2 ** 40;
const usedBytes = 2 ** 37;
const beaconMs = 1_000;
/** Nothing listens there: nobody connects to an OSD that stores nothing. */
const portBase = 40_000;

export interface StandIn {
  readonly id: number;
  readonly host: string;
  readonly deviceClass?: string;
}

export class StandInOsds {
  readonly #credentials: Credentials;
  readonly #stop = new AbortController();
  readonly #beacons: Promise<void>[] = [];

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
  }

  /** One after the other: the map names them in this order. */
  async start(admin: MonitorSession, standIns: readonly StandIn[]): Promise<void> {
    for (const standIn of standIns) {
      const credentials = await this.#register(admin, standIn);
      this.#beacons.push(this.#beacon(osdId(standIn.id), credentials));
    }
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#beacons);
  }

  async #register(admin: MonitorSession, { id, host, deviceClass }: StandIn): Promise<Credentials> {
    const name = `osd.${id}`;
    const { key } = await admin.change(authAdd, { name, caps: [['mon', 'profile osd']] }, within(15_000));
    const credentials = { ...this.#credentials, name, key };
    const session = new MonitorSession(here, { credentials, role: 'osd' });
    try {
      const address = { host: '127.0.0.1', port: portBase + id };
      const facts = { capacityBytes, hostname: host, version: '0.1.0', features: 0, deviceClass };
      const uuid = id.toString(16).padStart(32, '0');
      const args = { osd: osdId(id), uuid, boot: 1, publicAddress: address, clusterAddress: address, ...facts };
      await session.change(osdRegister, args, within(15_000));
    } finally {
      await session.close();
    }
    return credentials;
  }

  /** One that was removed goes on in vain: the monitors refuse it. */
  async #beacon(osd: OsdId, credentials: Credentials): Promise<void> {
    const { signal } = this.#stop;
    const hunt = new MonitorHunt(here, { credentials, role: 'osd' }, new HandlerTable(), () => {});
    const beacon = { osd, boot: 1, epoch: 0, usedBytes, totalBytes: capacityBytes, loopDelayMs: 0, slowOps: 0 };
    while (!signal.aborted) {
      try {
        const peer = await hunt.connected({ ...within(beaconMs), signal });
        await peer.call(beaconMethod, beacon, { ...within(beaconMs), signal });
      } catch (error) {
        if (!isCairnError(error)) throw error;
      }
      await here.clock.sleep(beaconMs, signal).catch(() => undefined);
    }
    await hunt.close();
  }
}
