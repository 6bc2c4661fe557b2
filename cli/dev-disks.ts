/** The OSDs of `cairn dev` before they run: a key, a store, and a settings file each, on virtual hosts. */
import { configOptions } from '../cluster/config-options.js';
import type { OsdId } from '../cluster/ids.js';
import type { NodeAddress } from '../cluster/osd.js';
import { mkfs } from '../osd/store/mkfs.js';
import { segmentBytesDefault, segmentBytesMin } from '../osd/store/limits.js';
import { configSet } from '../protocol/commands/config.js';
import { osdNew } from '../protocol/commands/osd.js';
import type { MonitorClient } from '../protocol/monitor-client.js';
import type { WaitOptions } from '../runtime/clock.js';
import type { CliContext } from './context.js';
import { encodeOsdFile } from './osd-settings.js';

export interface DevDisksOptions {
  /** Of the cluster: the store of osd.0 is in `osd.0` below it. */
  readonly directory: string;
  readonly hosts: number;
  /** OSDs that share the file system. */
  readonly count: number;
  /** Of each store. Default: as much as is free, at most 10 GiB. */
  readonly bytes: number | undefined;
}

export interface MakeDisk {
  /** The settings file to write: once it is there the OSD is complete. */
  readonly conf: string;
  readonly addresses: () => Promise<NodeAddress>;
  readonly wait: WaitOptions;
}

const storeBytesMax = 10 * 2 ** 30;
/** Of what is free: the monitors, and whatever else is on the machine, want some. */
const freeShare = 0.8;
/** Small stores get small segments, as the cleaner needs some to choose from; fewer, larger ones take larger transactions. */
const segmentsWanted = 16;

export class DevDisks {
  readonly #context: CliContext;
  readonly #options: DevDisksOptions;

  constructor(context: CliContext, options: DevDisksOptions) {
    this.#context = context;
    this.#options = options;
  }

  async make(client: MonitorClient, id: OsdId, { conf, addresses, wait }: MakeDisk): Promise<void> {
    const directory = `${this.#options.directory}/osd.${id}`;
    const runtime = this.#context.runtime('cli');
    const issued = await client.change(osdNew, { osd: id }, wait);
    // Of an earlier start that did not get as far as the settings file: nobody ever registered with it.
    await runtime.disk.removeTree(directory);
    const capacityBytes = this.#options.bytes ?? (await this.#share());
    await mkfs(runtime, directory, {
      osd: id,
      fsid: issued.fsid,
      capacityBytes,
      segmentBytes: segmentBytesOf(capacityBytes),
    });
    const publicAddress = await addresses();
    const adminAddress = await addresses();
    const location = ['root=default', `host=host-${id % this.#options.hosts}`];
    const file = encodeOsdFile({ directory, publicAddress, adminAddress, location, credentials: issued });
    await this.#context.writeFile(conf, file, { isPrivate: true });
  }

  async #share(): Promise<number> {
    const { directory, count } = this.#options;
    const { freeBytes } = await this.#context.runtime('cli').disk.space(directory);
    return Math.min(storeBytesMax, Math.floor((freeBytes * freeShare) / Math.max(1, count)));
  }
}

/** A power of two. */
function segmentBytesOf(capacityBytes: number): number {
  const wanted = 2 ** Math.floor(Math.log2(Math.max(1, capacityBytes / segmentsWanted)));
  return Math.min(segmentBytesDefault, Math.max(segmentBytesMin, wanted));
}

/** As `cairn config set` would: what the operator sets later stays. */
export async function setDefaultSize(client: MonitorClient, size: number, wait: WaitOptions): Promise<void> {
  if (size === configOptions.osd_pool_default_size.defaultValue) return;
  await client.change(configSet, { section: 'global', option: 'osd_pool_default_size', value: String(size) }, wait);
}
