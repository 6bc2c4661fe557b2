/**
 * Connections to the other OSDs: one to each that the map has up, at its cluster address, for as long as it lives under that
 * boot. Each end dials; requests travel on one's own connection, so they arrive in the order in which they were made.
 */
import { CairnError } from '../../base/errors.js';
import type { OsdId } from '../../cluster/ids.js';
import type { ClusterMap } from '../../cluster/map.js';
import type { NodeAddress, OsdInfo } from '../../cluster/osd.js';
import type { TlsOptions } from '../../runtime/network.js';
import type { Runtime } from '../../runtime/runtime.js';
import { Dialer } from '../../wire/dialer.js';
import type { HandlerTable } from '../../wire/handlers.js';
import type { Method, Reply } from '../../wire/method.js';
import type { CallOptions } from '../../wire/peer.js';
import type { OsdPeers } from '../pg/peers.js';

export interface MeshOptions {
  readonly osd: OsdId;
  readonly fsid: string;
  /** What this OSD proves itself with to other OSDs. */
  readonly key: Uint8Array | undefined;
  readonly tls: TlsOptions | undefined;
  readonly onConnected: (osd: OsdId) => void;
}

/** An OSD that restarts should be found again within what its clients notice. */
const backoffMsMax = 500;

interface Link {
  readonly address: NodeAddress;
  /** The life that it was dialled in: a later one has forgotten what was said on this connection. */
  readonly boot: number;
  readonly dialer: Dialer;
}

export class Mesh implements OsdPeers {
  readonly #runtime: Runtime;
  readonly #options: MeshOptions;
  readonly #handlers: HandlerTable;
  readonly #links = new Map<OsdId, Link>();
  readonly #closings = new Set<Promise<void>>();
  #isClosed = false;

  /** `handlers` answer what the others say on these connections. */
  constructor(runtime: Runtime, options: MeshOptions, handlers: HandlerTable) {
    this.#runtime = runtime;
    this.#options = options;
    this.#handlers = handlers;
  }

  /** OSDs that can be reached now. */
  get connected(): readonly OsdId[] {
    return [...this.#links].filter(([, { dialer }]) => dialer.peer !== undefined).map(([osd]) => osd);
  }

  onMap({ osds }: Pick<ClusterMap, 'osds'>): void {
    if (this.#isClosed) return;
    for (const [osd, link] of this.#links) {
      const info = osds.get(osd);
      if (info?.isUp !== true || !isOf(link, info)) this.#drop(osd, link);
    }
    for (const info of osds.values()) {
      const { id, isUp, clusterAddress } = info;
      if (id === this.#options.osd || !isUp || clusterAddress === undefined || this.#links.has(id)) continue;
      this.#links.set(id, { address: clusterAddress, boot: info.boot, dialer: this.#dial(id, clusterAddress) });
    }
  }

  async call<Req, Rep>(osd: OsdId, method: Method<Req, Rep>, header: Req, options: CallOptions): Promise<Reply<Rep>> {
    const dialer = this.#links.get(osd)?.dialer;
    if (dialer === undefined) throw new CairnError('CONNECTION_LOST', `osd.${osd} is not up`);
    return dialer.call(method, header, { ...options, whenDown: 'fail' });
  }

  tell<Req>(
    osd: OsdId,
    method: Method<Req, undefined>,
    header: Req,
    payload?: readonly Uint8Array[],
    released?: () => void,
  ): void {
    const { peer } = this.#links.get(osd)?.dialer ?? {};
    if (peer === undefined) {
      released?.();
      return;
    }
    // Whoever waits for an answer to it notices; whoever does not sends it again on the next connection.
    try {
      peer.post(method, header, payload, released);
    } catch (error) {
      // A bug of this end, in the middle of what must not fail.
      this.#runtime.log.error({ osd, method: method.name, err: error }, 'a message could not be encoded');
    }
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const [osd, link] of this.#links) this.#drop(osd, link);
    await Promise.all(this.#closings);
  }

  #dial(osd: OsdId, address: NodeAddress): Dialer {
    const { fsid, key, tls, onConnected } = this.#options;
    const identity = { name: `osd.${this.#options.osd}`, role: 'osd', fsid };
    const dialer: Dialer = new Dialer(
      this.#runtime,
      { address, identity, tls, expectedName: `osd.${osd}`, backoffMsMax },
      {
        key,
        handlers: this.#handlers,
        onConnected: () => {
          if (this.#links.get(osd)?.dialer === dialer) onConnected(osd);
        },
      },
    );
    return dialer;
  }

  #drop(osd: OsdId, { dialer }: Link): void {
    this.#links.delete(osd);
    const closing = dialer.close().finally(() => this.#closings.delete(closing));
    this.#closings.add(closing);
  }
}

function isOf({ address, boot }: Link, info: OsdInfo): boolean {
  const { clusterAddress: now } = info;
  return info.boot === boot && now?.host === address.host && now.port === address.port;
}
