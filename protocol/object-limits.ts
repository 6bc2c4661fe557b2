/** Sizes of objects that clients and OSDs have to agree on. Those of single requests are in osd-methods.ts. */

/** Largest object; a removal touches at most 4,096 index keys of its store. Larger things are striped over objects. */
export const objectBytesMax = 1024 ** 3;
