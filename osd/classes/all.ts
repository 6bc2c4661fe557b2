/** The object classes of this version. */
import { lockMethods } from './lock.js';
import type { ClassTable } from './object-class.js';

export const objectClasses: ClassTable = new Map(lockMethods);
