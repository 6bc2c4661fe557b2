/**
 * The cluster log to a central syslog server, from the leader: `cairn config set global log_syslog_target tcp://HOST:514`.
 * A new leader begins some seconds back, so a record may come twice around a change of the leader; none is left out
 * while the server takes them.
 */
import { monotonicMs } from '../../base/instants.js';
import { effectiveConfig } from '../../cluster/config.js';
import type { ClusterMap } from '../../cluster/map.js';
import { parseNodeAddress } from '../../protocol/address-text.js';
import type { Runtime } from '../../runtime/runtime.js';
import { supervise } from '../../runtime/supervise.js';
import { SyslogShipper } from '../../runtime/syslog/shipper.js';
import type { MonitorState } from '../state/state.js';

/** What the leader before may have had under way. */
const lookBackMs = 10_000;
const recordsPerRound = 500;
const flushMs = 2_000;

export class LogShipping {
  readonly #runtime: Runtime;
  readonly #state: MonitorState;
  readonly #hostname: string;
  readonly #name: string;
  #target = '';
  #shipper: SyslogShipper | undefined;
  #config: ClusterMap['config'] | undefined;
  #shipped: number;
  readonly #endings = new Set<Promise<void>>();

  constructor(runtime: Runtime, state: MonitorState, origin: { readonly hostname: string; readonly name: string }) {
    this.#runtime = runtime;
    this.#state = state;
    this.#hostname = origin.hostname;
    this.#name = origin.name;
    const recent = state.log.newest({ after: 0, count: recordsPerRound });
    const first = recent.find(({ at }) => at >= state.wall - lookBackMs);
    this.#shipped = first === undefined ? state.log.last : first.number - 1;
  }

  /** Called now and then, and after changes: ships what is new. */
  pump(): void {
    this.#follow();
    const records = this.#state.log.following({ after: this.#shipped, count: recordsPerRound });
    for (const { number, at, severity, source, message } of records) {
      this.#shipper?.ship({ severity, wall: at, msgId: 'CLUSTER', text: `${source}: ${message}` });
      this.#shipped = number;
    }
  }

  /** Resolves when what is new is shipped, or two seconds later. */
  async close(): Promise<void> {
    this.pump();
    this.#end();
    await Promise.all(this.#endings);
  }

  #end(): void {
    const ending = this.#shipper?.close(monotonicMs(this.#runtime.clock.now() + flushMs));
    this.#shipper = undefined;
    if (ending === undefined) return;
    this.#endings.add(ending);
    supervise(
      this.#runtime,
      'closing the syslog shipper',
      ending.then(() => void this.#endings.delete(ending)),
    );
  }

  #follow(): void {
    const { config } = this.#state.map;
    if (config === this.#config) return;
    this.#config = config;
    const target = effectiveConfig(this.#state.map, 'mon').values.log_syslog_target;
    if (target === this.#target) return;
    this.#end();
    this.#target = target;
    const [protocol, address] = target.split('://');
    if (address === undefined) return;
    this.#shipper = new SyslogShipper(this.#runtime, {
      address: parseNodeAddress(address),
      protocol: protocol === 'udp' ? 'udp' : 'tcp',
      origin: { facility: 'daemon', hostname: this.#hostname, appName: 'cairn-mon', procId: this.#name },
    });
  }
}
