declare const brand: unique symbol;

/** A `T` that only its one checked constructor makes, so that an OSD id is never passed where an epoch belongs. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
