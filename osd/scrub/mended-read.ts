/**
 * Read-repair: a request that meets bad bytes of its object at the primary has them made anew from a member that can read them,
 * within its turn, and reads again. So a client sees verified bytes or an error, and never an older version.
 */
import { CairnError } from '../../base/errors.js';
import type { ObjectId } from '../store/object-id.js';
import type { DamagedPart } from '../store/read/object-reader.js';
import type { Mender } from './mender.js';
import { isDamage } from './object-digest.js';

/** Of one request, with the object held: what is left is mended by the next one, or by a scrub. */
const partsMax = 64;

/** The object's turn is the caller's. Throws what `read` throws, or why the object could not be mended. */
export async function mendedRead<T>(mender: Mender, object: ObjectId, read: () => Promise<T>): Promise<T> {
  if (mender.isDamaged(object)) await mender.mendOwn(object, 'this copy is not whole');
  for (let left = partsMax; ; left -= 1) {
    try {
      return await read();
    } catch (error) {
      if (!isDamage(error) || left === 0) throw error;
      const part = partOf(error);
      if (!mender.mayMend(object, part)) throw error;
      await mender.mendOwn(object, error.message, part);
    }
  }
}

/** As the store tells it. */
function partOf(error: Error): DamagedPart | undefined {
  const part = error instanceof CairnError ? error.details['part'] : undefined;
  return isPart(part) ? part : undefined;
}

function isPart(part: unknown): part is DamagedPart {
  return typeof part === 'object' && part !== null && 'kind' in part;
}
