import { CairnError } from '../../base/errors.js';
import { pgNumMax } from '../packed-pg-records.js';
import { poolFlags, type Pool } from '../pool.js';
import { fits, isCounter, isIntegerWithin, isLine, quoted, valid } from './facts.js';

export const poolSizeMax = 16;
const poolIdMax = 2 ** 31 - 1;
const ruleIdMax = 255;
const checksumBlockMin = 4096;
const checksumBlockMax = 1024 * 1024;
const namePattern = /^[A-Za-z0-9._-]{1,128}$/;

/** What holds for a pool by itself. Throws `INVALID_ARGUMENT`, and `UNSUPPORTED` for erasure coding. */
export function checkPool(pool: Pool): void {
  const name = `pool ${quoted(pool.name)}`;
  valid(isIntegerWithin(pool.id, 1, poolIdMax), () => `${name} has id ${pool.id}; pools are numbered from 1`);
  valid(namePattern.test(pool.name), () => `${name} needs a name of up to 128 letters, digits, ".", "-" and "_"`);
  if (pool.kind !== 'replicated') {
    throw new CairnError('UNSUPPORTED', `${name} is of kind ${pool.kind}, which does not exist yet; use replicated`);
  }
  valid(
    isIntegerWithin(pool.size, 1, poolSizeMax),
    () => `${name} has size ${pool.size}; give 1 to ${poolSizeMax} copies`,
  );
  valid(
    isIntegerWithin(pool.minSize, 1, pool.size),
    () => `${name} has min_size ${pool.minSize}; give 1 to its size, ${pool.size}`,
  );
  valid(isIntegerWithin(pool.pgNum, 1, pgNumMax), () => `${name} has ${pool.pgNum} PGs; give it 1 to ${pgNumMax}`);
  valid(isIntegerWithin(pool.rule, 0, ruleIdMax), () => `${name} has rule ${pool.rule}; rules are 0 to ${ruleIdMax}`);
  const block = pool.checksumBlockBytes;
  valid(
    isIntegerWithin(block, checksumBlockMin, checksumBlockMax) && (block & (block - 1)) === 0,
    () => `${name} has checksum blocks of ${block} bytes; give a power of two from 4 KiB to 1 MiB`,
  );
  for (const value of [pool.requiredFeatures, pool.quotaBytes, pool.quotaObjects, pool.createdAt]) {
    valid(isCounter(value), () => `${name} has the number ${value} where 0 to 2^53-1 is allowed`);
  }
  valid(isLine(pool.application, 64), () => `${name} has an application that is no line of up to 64 characters`);
  checkMode(pool, name);
  valid(new Set(pool.flags).size === pool.flags.length, () => `${name} has a flag twice; give each once`);
  for (const flag of pool.flags) {
    valid(poolFlags.includes(flag), () => `${name} has a flag that does not exist; use ${poolFlags.join(', ')}`);
  }
}

function checkMode({ mode, size }: Pool, name: string): void {
  if (mode.kind === 'sync') return;
  valid(size > 1, () => `${name} has one copy, which is never behind; use mode sync, or a size of 2 or more`);
  valid(
    isIntegerWithin(mode.ackCopies, 1, size - 1),
    () => `${name} acknowledges with ${mode.ackCopies} copies; give 1 to ${size - 1}, or use mode sync`,
  );
  valid(
    isCounter(mode.maxLagMs) && mode.maxLagMs > 0 && isCounter(mode.maxLagBytes) && mode.maxLagBytes > 0,
    () => `${name} has a lag that is no whole number above 0; set max_lag in ms and in bytes`,
  );
}

/** What a pool keeps for life. Transitive. Throws `CONFLICT`, and `UNSUPPORTED` for fewer PGs. */
export function checkPoolSuccession(before: Pool, after: Pool): void {
  const name = `pool ${after.name}`;
  if (after.pgNum < before.pgNum) {
    throw new CairnError('UNSUPPORTED', `${name} has ${before.pgNum} PGs, which are never merged; give more of them`);
  }
  fits(
    after.checksumBlockBytes === before.checksumBlockBytes,
    () => `${name} has checksum blocks of ${before.checksumBlockBytes} bytes for life; make a new pool for others`,
  );
  fits(after.kind === before.kind, () => `${name} is ${before.kind} for life; make a new pool`);
  fits(
    after.createdAt === before.createdAt,
    () => `${name} was made in epoch ${before.createdAt}; leave that as it is`,
  );
}

/** Of all pools together. Throws `CONFLICT`. */
export function checkPoolNames(pools: Iterable<Pool>): void {
  const owners = new Map<string, number>();
  for (const { id, name } of pools) {
    const owner = owners.get(name);
    fits(owner === undefined, () => `pools ${owner} and ${id} are both called ${name}; rename one of the two`);
    owners.set(name, id);
  }
}
