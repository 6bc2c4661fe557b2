/** Values that a copy keeps for itself beside those of the PG: no other copy takes them over. */
import { importMarkKey } from '../store/tools/pg-file/import-mark.js';
import { ownKeyPrefix } from '../store/transaction.js';

/** The highest term that this copy has entered: it takes part in no lower one again, through restarts too. */
export const termKey = `${ownKeyPrefix}term`;
/** How far a copy is that is not whole. */
export const joinKey = `${ownKeyPrefix}join`;
/** Of the async terms that it was in. */
export const asyncKey = `${ownKeyPrefix}async`;
/** Stands while the copy is taken away. */
export const removingKey = `${ownKeyPrefix}removing`;
/** While one of them stands, more than entries of the log is on its way into the copy, or out of it. */
export const unfinishedKeys: readonly string[] = [joinKey, removingKey, importMarkKey];
/** And `ObjectId.key`, or nothing for values of the PG: what is not as the log says. */
export const missingPrefix = `${ownKeyPrefix}missing/`;
/** The first key behind all of those. */
export const afterMissing = `${ownKeyPrefix}missing0`;
/** And `ObjectId.key`: what of an object was copied here so far (`copy/partial-copy.ts`), while it is not all. */
export const partialPrefix = `${ownKeyPrefix}partial/`;
/** The first key behind all of those. */
export const afterPartial = `${ownKeyPrefix}partial0`;
/** The first key behind the copy's own. */
export const afterOwn = '\x01';
