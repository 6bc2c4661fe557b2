/** The object classes of this version. */
import { bucketMethods } from './bucket/methods.js';
import { lockMethods } from './lock.js';
import type { ClassTable } from './object-class.js';

export const objectClasses: ClassTable = new Map([...bucketMethods, ...lockMethods]);
