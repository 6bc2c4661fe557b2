/** How recovery goes on, in words. */
import type { RecoveringPool } from '../protocol/commands/status.js';
import { ageText } from './age-text.js';
import { bytesText } from './bytes-text.js';

type Recovery = Omit<RecoveringPool, 'pool_id' | 'pool_name'>;

/** Pools that have a line of their own; `--json` has all of them. */
const poolsShown = 5;

/** `4.0 MiB/s, 40 objects/s; 100 objects, 20 MiB left; about 5s to go` */
export function recoveryText(recovery: Recovery): string {
  const { recovery_objects_left: objects, recovery_bytes_left: bytes, recovery_eta_seconds: eta } = recovery;
  const { recovering_objects_per_sec: objectRate, recovering_bytes_per_sec: byteRate } = recovery;
  const rate = `${bytesText(byteRate)}/s, ${objectRate} objects/s`;
  const left = `${objects} objects, ${bytesText(bytes)} left`;
  const end = eta === null ? 'not advancing' : `about ${ageText(eta)} to go`;
  return `${rate}; ${left}; ${end}`;
}

/** A line for each of the first pools that have something left, where there are several. */
export function recoveringPoolLines(pools: readonly RecoveringPool[]): string[] {
  const behind = pools.filter((pool) => pool.recovery_objects_left > 0 || pool.recovery_bytes_left > 0);
  if (behind.length < 2) return [];
  const shown = behind.slice(0, poolsShown).map((pool) => `pool ${pool.pool_name}: ${recoveryText(pool)}`);
  const more = behind.length - shown.length;
  return more === 0 ? shown : [...shown, `and ${more} more pools`];
}
