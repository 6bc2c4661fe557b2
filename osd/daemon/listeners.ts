/** Where an OSD listens: for clients, and for other OSDs, which may be the same place. */
import { CairnError } from '../../base/errors.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { NodeAddress } from '../../cluster/osd.js';
import type { TlsOptions } from '../../runtime/network.js';
import type { Runtime } from '../../runtime/runtime.js';
import type { Identity } from '../../wire/identity.js';
import { WireListener, type WireListenerCollaborators } from '../../wire/listener.js';

export interface ListenersOptions {
  readonly publicAddress: NodeAddress;
  readonly clusterAddress: NodeAddress;
  readonly identity: Identity;
  readonly tls: TlsOptions | undefined;
}

export class Listeners {
  readonly #options: ListenersOptions;
  readonly #public: WireListener;
  readonly #cluster: WireListener;
  #entities: ClusterMap['entities'] | undefined;

  private constructor(options: ListenersOptions, forClients: WireListener, forOsds: WireListener) {
    this.#options = options;
    this.#public = forClients;
    this.#cluster = forOsds;
  }

  static async listen(
    runtime: Runtime,
    options: ListenersOptions,
    collaborators: WireListenerCollaborators,
  ): Promise<Listeners> {
    const { publicAddress, clusterAddress, identity, tls } = options;
    const forClients = await WireListener.listen(runtime, { address: publicAddress, identity, tls }, collaborators);
    if (isSame(publicAddress, clusterAddress)) return new Listeners(options, forClients, forClients);
    try {
      const forOsds = await WireListener.listen(runtime, { address: clusterAddress, identity, tls }, collaborators);
      return new Listeners(options, forClients, forOsds);
    } catch (error) {
      await forClients.close();
      throw error;
    }
  }

  /** As others are told, with the real port. */
  get publicAddress(): NodeAddress {
    return { host: this.#options.publicAddress.host, port: this.#public.address.port };
  }

  get clusterAddress(): NodeAddress {
    return { host: this.#options.clusterAddress.host, port: this.#cluster.address.port };
  }

  /** Who has no key any more has no connection either. */
  onMap({ entities }: Pick<ClusterMap, 'entities'>): void {
    if (entities === this.#entities) return;
    this.#entities = entities;
    const error = new CairnError('AUTHENTICATION_FAILED', 'your key was removed from the cluster');
    for (const listener of new Set([this.#public, this.#cluster])) {
      listener.disconnect(({ name }) => !entities.has(name), error);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#public.close(), this.#cluster.close()]);
  }
}

function isSame(a: NodeAddress, b: NodeAddress): boolean {
  return a.host === b.host && a.port === b.port;
}
