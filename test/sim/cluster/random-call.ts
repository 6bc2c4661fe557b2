/** What the clients of a simulation ask: every kind of operation, each with bytes that nobody else writes. */
import { latin1Bytes } from '../../../base/bytes.js';
import type { Guard } from '../../../protocol/osd-methods.js';
import type { Prng } from '../../../runtime/sim/prng.js';
import type { ModelChange, ModelRead, ObjectCall } from '../linearizability/object-call.js';

/** What a client saw last of an object. */
export interface Seen {
  readonly version: { readonly term: number; readonly seq: number } | undefined;
  readonly lock: string | undefined;
}

export const lockName = 'lock';
const keys = ['k1', 'k2', 'k3', 'k4', 'k5'];

/**
 * @param tag unique: values are made of it
 * @param readRate share of calls that only read
 */
export function randomCall(
  random: Prng,
  tag: string,
  seen: Seen | undefined,
  largeRate: number,
  readRate = 0.3,
): ObjectCall {
  if (random.chance(readRate)) return { guards: [], reads: randomReads(random), changes: [] };
  const kind = random.below(70);
  if (kind < 10 && seen !== undefined)
    return guarded(versionGuard(seen), randomChanges(random, tag, largeRate), random);
  if (kind < 18) return locking(random, tag, seen);
  const changes = randomChanges(random, tag, largeRate);
  // A request that changes something reads no data.
  return { guards: [], reads: random.chance(0.1) ? readAll : [], changes };
}

/** All there is to see. */
export const readAll: readonly ModelRead[] = [
  { kind: 'stat' },
  { kind: 'attributes' },
  { kind: 'omap-list', from: '', to: undefined, count: 100, isReverse: false },
];

export const readData: ModelRead = { kind: 'read', offset: 0, bytes: 1024 * 1024 };

function randomReads(random: Prng): readonly ModelRead[] {
  const key = random.pick(keys);
  return random.pick<readonly ModelRead[]>([
    [readData],
    [{ kind: 'stat' }, readData],
    [{ kind: 'stat' }],
    [...readAll, readData],
    readAll,
    [{ kind: 'read', offset: random.below(300), bytes: 1 + random.below(300) }],
    [{ kind: 'omap-get', key }],
    [{ kind: 'omap-list', from: key, to: undefined, count: 2, isReverse: random.chance(0.5) }],
  ]);
}

function versionGuard({ version }: Seen): Guard {
  return version === undefined ? { kind: 'absent' } : { kind: 'version', ...version };
}

function guarded(guard: Guard, changes: readonly ModelChange[], random: Prng): ObjectCall {
  return { guards: [guard], reads: random.chance(0.3) ? [{ kind: 'stat' }] : [], changes };
}

/** Takes a lock that is thought to be free or one's own to pass on: of all who think so one is right. */
function locking(random: Prng, tag: string, seen: Seen | undefined): ObjectCall {
  const value = seen?.lock === undefined ? undefined : latin1Bytes(seen.lock);
  const guard: Guard = { kind: 'attribute', name: lockName, value };
  const isFreed = value !== undefined && random.chance(0.5);
  const change: ModelChange = isFreed
    ? { kind: 'remove-attribute', name: lockName }
    : { kind: 'set-attribute', name: lockName, value: tag };
  return { guards: [{ kind: 'exists' }, guard], reads: [{ kind: 'attributes' }], changes: [change] };
}

function randomChanges(random: Prng, tag: string, largeRate: number): readonly ModelChange[] {
  const data = latin1Bytes(`${tag}|`.repeat(repeats(random, largeRate)));
  const key = random.pick(keys);
  const kind = random.below(100);
  if (kind < 22) return [{ kind: 'write-full', data }];
  if (kind < 40) return [{ kind: 'write', offset: random.below(random.pick([40, 400, 5_000])), data }];
  if (kind < 58) return [{ kind: 'append', data }];
  if (kind < 63) return [{ kind: 'truncate', size: random.below(400) }];
  if (kind < 66) return [{ kind: 'zero', offset: random.below(100), bytes: 1 + random.below(200) }];
  if (kind < 72) return [{ kind: 'remove' }];
  if (kind < 88) return [{ kind: 'omap-set', key, head: tag }];
  if (kind < 93) return [{ kind: 'omap-remove', key }];
  if (kind < 95) return [{ kind: 'omap-remove-range', from: 'k2', to: 'k4' }];
  return [
    { kind: 'write-full', data },
    { kind: 'set-attribute', name: 'writer', value: tag },
    { kind: 'omap-set', key, head: tag },
  ];
}

function repeats(random: Prng, largeRate: number): number {
  if (random.chance(largeRate)) return 2_000 + random.below(6_000);
  return 1 + random.below(random.pick([5, 20, 100]));
}
