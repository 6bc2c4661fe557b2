/** What an OSD counts, for Prometheus. Numbers that other parts keep are read when asked for. */
import { MetricsRegistry } from '../../base/metrics/registry.js';
import type { PayloadCacheCounts } from '../store/read/payload-cache.js';
import type { SpaceReport } from '../store/space/space.js';
import type { OsdStatus } from './status.js';

export interface MetricsSources {
  readonly status: () => OsdStatus;
  readonly space: () => SpaceReport;
  readonly payloadCache: () => PayloadCacheCounts;
  readonly heartbeatPeers: () => number;
  readonly heartbeatPeersSilent: () => number;
  readonly peersConnected: () => number;
  readonly registrations: () => number;
  /** Since a monitor last answered. */
  readonly monitorSilentMs: () => number;
}

export function osdMetrics(sources: MetricsSources): MetricsRegistry {
  const registry = new MetricsRegistry();
  const { status, space } = sources;
  const gauge = (name: string, help: string, read: () => number): void =>
    registry.read('gauge', { name: `cairn_osd_${name}`, help }, read);
  const counter = (name: string, help: string, read: () => number): void =>
    registry.read('counter', { name: `cairn_osd_${name}_total`, help }, read);

  gauge('is_serving', '1 while it is up in the map and runs its PGs.', () => (status().state === 'serving' ? 1 : 0));
  gauge('boot', 'The boot counter that it is registered by, 0 while it is not.', () => status().self?.boot ?? 0);
  gauge('map_epoch', 'Epoch of the cluster map here.', () => status().epoch);
  gauge('pgs', 'PGs that it takes part in.', () => status().pgs.pgs);
  gauge('pgs_leading', 'PGs that it leads.', () => status().pgs.leading);
  gauge('slow_ops', 'Requests that take longer than they should.', () => status().pgs.slowOps);
  gauge('joins', 'PGs that it takes another OSD into, or waits to.', () => status().pgs.joins);
  counter('recovered_objects', 'Objects that it copied to OSDs that join, since it serves.', () => {
    return status().pgs.recovered.copiedObjects;
  });
  counter('recovered_bytes', 'Bytes of those copies.', () => status().pgs.recovered.copiedBytes);
  gauge('async_lag_seconds', 'The most that a member of an async PG that it leads is behind.', () => {
    return status().pgs.lag.ms / 1000;
  });
  gauge('async_lag_bytes', 'The most that a member lacks of an async PG that it leads.', () => status().pgs.lag.bytes);
  gauge('async_pgs_waiting', 'PGs that it leads whose writes wait, as a member is behind by max_lag.', () => {
    return status().pgs.lag.waiting;
  });
  const parked = (of: 'objects' | 'bytes') => (): number => status().parked.reduce((sum, one) => sum + one[of], 0);
  gauge('parked_objects', 'Objects with writes that failovers of async pools cut off, kept aside.', parked('objects'));
  gauge('parked_bytes', 'Sizes of those objects.', parked('bytes'));
  gauge('store_usable_bytes', 'Live bytes that the store can take in all.', () => space().usableBytes);
  gauge('store_live_bytes', 'Live bytes in the store.', () => space().liveBytes);
  gauge('store_dead_bytes', "Bytes that are nobody's any more and not won back yet.", () => space().deadBytes);
  gauge('store_free_segments', 'Segments that nothing is in.', () => space().freeSegments);
  counter('payload_cache_hits', 'Small payloads that clients read from memory.', () => sources.payloadCache().hits);
  counter(
    'payload_cache_misses',
    'Small payloads that clients read from the disk.',
    () => sources.payloadCache().misses,
  );
  gauge('peers_connected', 'Other OSDs that it has a connection to.', sources.peersConnected);
  gauge('heartbeat_peers', 'Other OSDs whose heartbeats it watches.', sources.heartbeatPeers);
  gauge('heartbeat_peers_silent', 'Of those, the ones not heard for the grace.', sources.heartbeatPeersSilent);
  counter('registrations', 'Times that the cluster took this process up.', sources.registrations);
  gauge('monitor_silent_seconds', 'Since a monitor last answered.', () => sources.monitorSilentMs() / 1000);
  gauge('loop_delay_seconds', 'The worst delay of the event loop in the last ten seconds.', () => {
    return status().loopDelayMs / 1000;
  });
  return registry;
}
