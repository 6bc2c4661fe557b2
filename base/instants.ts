import type { Brand } from './brand.js';
import { invariant } from './invariant.js';

/** Milliseconds (with fractions) on one process's monotonic clock. Meaningless on another host or after a restart. */
export type MonotonicMs = Brand<number, 'MonotonicMs'>;

/** Milliseconds since the Unix epoch. Never used for safety; it may jump both ways. */
export type WallMs = Brand<number, 'WallMs'>;

export function monotonicMs(value: number): MonotonicMs {
  invariant(Number.isFinite(value), 'a monotonic instant is finite', { value });
  return value as MonotonicMs;
}

export function wallMs(value: number): WallMs {
  invariant(Number.isFinite(value), 'a wall instant is finite', { value });
  return value as WallMs;
}
