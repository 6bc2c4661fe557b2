/** Values that a copy keeps for itself beside those of the PG: no other copy takes them over. */
import { ownKeyPrefix } from '../store/transaction.js';

/** The highest term that this copy has entered: it takes part in no lower one again, through restarts too. */
export const termKey = `${ownKeyPrefix}term`;
/** How far a copy is that is not whole. */
export const joinKey = `${ownKeyPrefix}join`;
/** Stands while the copy is taken away. */
export const removingKey = `${ownKeyPrefix}removing`;
/** And `ObjectId.key`, or nothing for values of the PG: what is not as the log says. */
export const missingPrefix = `${ownKeyPrefix}missing/`;
/** The first key behind all of those. */
export const afterMissing = `${ownKeyPrefix}missing0`;
/** The first key behind the copy's own. */
export const afterOwn = '\x01';
