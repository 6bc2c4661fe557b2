/**
 * What the leader knows of PGs, pools and recovery, for Prometheus: the numbers of `cairn status`, under the names that Ceph's
 * exporter has, with `cairn_` for `ceph_` (docs/metrics.md). A monitor that does not lead hears of none of it, and leaves them out.
 */
import type { MetricsRegistry, Reading } from '../../base/metrics/registry.js';
import type { Pool } from '../../cluster/pool.js';
import type { RecoveringPool } from '../../protocol/commands/status.js';
import type { HealthInputs } from '../commands/health-input.js';
import type { CommandContext } from '../commands/types.js';
import { checkHealth } from '../health/check-health.js';
import { hasWord, type PgStateWord, pgStateWords, statesOf } from '../health/pg-states.js';
import type { HealthReport, PoolHealth } from '../health/types.js';
import { recoveringPools } from '../status/recovery-json.js';

interface SeenPool {
  readonly pool: Pool;
  readonly health: PoolHealth | undefined;
  readonly states: ReadonlyMap<string, number>;
  /** While something is left, or done. */
  readonly recovery: RecoveringPool | undefined;
}

interface Seen {
  readonly status: HealthReport['status'];
  readonly pools: readonly SeenPool[];
}

type Health = Pick<PoolHealth, 'objects' | 'storedBytes' | 'degradedObjects' | 'misplacedObjects' | 'unfoundObjects'>;

const statusNumbers: Readonly<Record<HealthReport['status'], number>> = { HEALTH_OK: 0, HEALTH_WARN: 1, HEALTH_ERR: 2 };

export class ClusterMetrics {
  readonly #inputs: HealthInputs;
  #seen: Seen | undefined;

  constructor(registry: MetricsRegistry, inputs: HealthInputs) {
    this.#inputs = inputs;
    this.#registerCluster(registry);
    this.#registerPools(registry);
    this.#registerStates(registry);
    this.#registerRecovery(registry);
  }

  /** Before a scrape. `undefined`: this monitor does not lead. */
  async look(context: CommandContext | undefined): Promise<void> {
    if (context === undefined) {
      this.#seen = undefined;
      return;
    }
    const input = await this.#inputs.of(context);
    const pools = [...input.map.pools.values()].map((pool) => [pool, input.pools.get(pool.id)] as const);
    const left = pools.map(([pool, health]) => {
      return [pool, { objects: health?.leftObjects ?? 0, bytes: health?.leftBytes ?? 0 }] as const;
    });
    const recovering = new Map(recoveringPools(left, input.osds.values()).map((one) => [one.pool_id, one]));
    this.#seen = {
      status: checkHealth(input).status,
      pools: pools.map(([pool, health]) => {
        return { pool, health, states: statesOf(pool, health), recovery: recovering.get(pool.id) };
      }),
    };
  }

  #registerCluster(registry: MetricsRegistry): void {
    const gauge = (name: string, help: string, read: (seen: Seen) => number): void => {
      registry.read('gauge', { name: `cairn_${name}`, help }, () => this.#seen && read(this.#seen));
    };
    const sum = (field: keyof Health) => (seen: Seen) => {
      return seen.pools.reduce((total, { health }) => total + (health?.[field] ?? 0), 0);
    };
    gauge(
      'health_status',
      '0 for HEALTH_OK, 1 for HEALTH_WARN, 2 for HEALTH_ERR.',
      ({ status }) => statusNumbers[status],
    );
    gauge('num_objects_degraded', 'Copies of objects that are missing.', sum('degradedObjects'));
    gauge('num_objects_misplaced', 'Copies of objects that are in the wrong place.', sum('misplacedObjects'));
    gauge('num_objects_unfound', 'Objects whose newest version is on no OSD that is up.', sum('unfoundObjects'));
  }

  #registerPools(registry: MetricsRegistry): void {
    const metadata = { name: 'cairn_pool_metadata', help: 'Names of pools.', labels: ['pool_id', 'name'] as const };
    registry.readAll('gauge', metadata, () => {
      return (this.#seen?.pools ?? []).map(({ pool }) => ({
        labels: { pool_id: `${pool.id}`, name: pool.name },
        value: 1,
      }));
    });
    const of =
      (field: keyof Health) =>
      ({ health }: SeenPool) =>
        health?.[field];
    this.#ofPools(registry, 'pool_objects', 'Objects that clients stored.', of('objects'));
    this.#ofPools(registry, 'pool_stored', 'Bytes that clients stored, once.', of('storedBytes'));
    this.#ofPools(registry, 'pool_objects_degraded', 'Copies that are missing.', of('degradedObjects'));
    this.#ofPools(registry, 'pool_objects_misplaced', 'Copies that are in the wrong place.', of('misplacedObjects'));
    this.#ofPools(registry, 'pool_pgs', 'PGs.', ({ pool }) => pool.pgNum);
  }

  /** A PG is counted in each of the words of its state. */
  #registerStates(registry: MetricsRegistry): void {
    for (const [word, meaning] of Object.entries(pgStateWords)) {
      this.#ofPools(registry, `pg_${word}`, `PGs that are ${word}: ${meaning}.`, ({ states }) => {
        let count = 0;
        for (const [state, pgs] of states) if (hasWord(state, word as PgStateWord)) count += pgs; // a key of the table
        return count;
      });
    }
  }

  #registerRecovery(registry: MetricsRegistry): void {
    const of = (
      field:
        'recovery_objects_left' | 'recovery_bytes_left' | 'recovering_objects_per_sec' | 'recovering_bytes_per_sec',
    ) => {
      return ({ recovery }: SeenPool): number => recovery?.[field] ?? 0;
    };
    const perSecond = 'of the last ten seconds, per second';
    this.#ofPools(
      registry,
      'pool_recovering_objects_per_sec',
      `Objects copied to OSDs that join, ${perSecond}.`,
      of('recovering_objects_per_sec'),
    );
    this.#ofPools(
      registry,
      'pool_recovering_bytes_per_sec',
      `Bytes copied to OSDs that join, ${perSecond}.`,
      of('recovering_bytes_per_sec'),
    );
    this.#ofPools(registry, 'pool_recovery_objects_left', 'Objects still to be copied.', of('recovery_objects_left'));
    this.#ofPools(registry, 'pool_recovery_bytes_left', 'Bytes still to be copied.', of('recovery_bytes_left'));
    this.#ofPools(
      registry,
      'pool_recovery_eta_seconds',
      'Until nothing is left, at this pace; absent without one.',
      ({ recovery }) => {
        return recovery?.recovery_eta_seconds ?? undefined;
      },
    );
  }

  /** Pools of which it is not known are left out. */
  #ofPools(registry: MetricsRegistry, name: string, help: string, read: (pool: SeenPool) => number | undefined): void {
    registry.readAll('gauge', { name: `cairn_${name}`, help, labels: ['pool_id'] }, () => {
      return (this.#seen?.pools ?? []).flatMap((seen): Reading<'pool_id'>[] => {
        const value = read(seen);
        return value === undefined ? [] : [{ labels: { pool_id: `${seen.pool.id}` }, value }];
      });
    });
  }
}
