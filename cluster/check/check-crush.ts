import { CairnError, isCairnError } from '../../base/errors.js';
import { decodeCrushBinary, encodeCrushBinary } from '../../crush/binary-codec.js';
import { checkCrushMap } from '../../crush/check-map.js';
import type { CrushMap } from '../../crush/types.js';
import type { Pool } from '../pool.js';
import { fits } from './facts.js';

/**
 * The map as everyone has it who read it from disk or network: what the binary format leaves out (a rule without sizes,
 * choose_args of nothing) differs from what was given, so the change is taken in this form by whoever applies it.
 * Linear in the map. Throws `INVALID_ARGUMENT` when nothing can be placed with it, or when the format cannot hold it.
 */
export function canonicalCrush(crush: CrushMap): CrushMap {
  checkCrushMap(crush);
  try {
    return decodeCrushBinary(encodeCrushBinary(crush));
  } catch (error) {
    if (!isCairnError(error, 'PARSE_ERROR')) throw error;
    const message = `the CRUSH map does not survive its binary format: ${error.message}`;
    throw new CairnError('INVALID_ARGUMENT', message, { cause: error });
  }
}

/** Throws `CONFLICT`. */
export function checkPoolRule({ name, rule }: Pool, crush: CrushMap): void {
  fits(crush.rules.has(rule), () => `pool ${name} uses rule ${rule}, which does not exist; set another rule first`);
}
