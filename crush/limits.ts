/**
 * Bounds on every number of a CRUSH map that comes from outside. They follow the widths of Ceph's binary format where
 * that has one, and otherwise keep a short hostile text from asking for gigabytes: arrays are as long as the largest id.
 */

/** 16 million devices: a thousand times the largest known cluster, and 64 MiB as an array of weights. */
export const deviceIdMax = (1 << 24) - 1;

/** A million buckets. The binary format writes four bytes for every id up to the lowest, used or not. */
export const bucketIdMin = -(1 << 20);

/** Ceph stores the rule's id in one byte. */
export const ruleIdMax = 255;

/** A bucket's type is stored in 16 bits. Type 0 is the devices'. */
export const typeIdMax = 0xffff;

/** Class numbers are ids in 32 bits; Ceph hands them out from 0 up. */
export const classIdMax = 0x7fffffff;

/**
 * Each class copies the whole hierarchy, so classes times buckets and items is what a map costs. A hundred thousand
 * devices in twenty classes stay far below; a short text that names a class per device does not.
 */
export const shadowCostMax = 1 << 23;

/** A device weighs at most 100.0 in a text map, so that a bucket of many never overflows 32 bits unnoticed. */
export const deviceWeightMax = 100 * 0x10000;

/** 65535.0, the largest whole weight that 16.16 holds. */
export const bucketWeightMax = 65535 * 0x10000;

/** The sum of a bucket's weights is stored in 32 bits. */
export const weightSumMax = 0xffffffff;

export const int32Max = 0x7fffffff;
export const int32Min = -0x80000000;
