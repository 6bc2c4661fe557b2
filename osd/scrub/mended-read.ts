/**
 * Read-repair: a request that meets bad bytes of its object at the primary has the copy made anew from a member that can read it,
 * within its turn, and reads again. So a client sees verified bytes or an error, and never an older version.
 */
import type { ObjectId } from '../store/object-id.js';
import type { Mender } from './mender.js';
import { isDamage } from './object-digest.js';

/** The object's turn is the caller's. Throws what `read` throws, or why the object could not be mended. */
export async function mendedRead<T>(mender: Mender, object: ObjectId, read: () => Promise<T>): Promise<T> {
  if (mender.isDamaged(object)) await mender.mendOwn(object, 'this copy is not whole');
  try {
    return await read();
  } catch (error) {
    if (!isDamage(error) || !mender.mayMend(object)) throw error;
    await mender.mendOwn(object, error.message);
    return await read();
  }
}
