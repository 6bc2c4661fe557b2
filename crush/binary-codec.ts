/**
 * Ceph's binary CRUSH map: what `ceph osd getcrushmap` gives and `crushtool -c` writes. All numbers little-endian:
 *
 *     magic, bucket slots, rule slots, devices            u32 each
 *     per bucket slot   algorithm (0: empty), id, type, algorithm, hash, weight, size, items, then by algorithm
 *     per rule slot     present, length, id, type, min and max size, steps of three numbers
 *     names             of types, of items (shadow buckets too), of rules
 *     tunables          three u32, then one field per release since
 *     classes           class of each device and shadow, names, shadow of each bucket and class
 *     choose_args
 *
 * Releases added fields at the end, so a map may stop after the names or after any tunable.
 */
export { decodeCrushBinary } from './binary-decoder.js';
export { encodeCrushBinary } from './binary-encoder.js';
export { isCrushBinary } from './binary-format.js';
