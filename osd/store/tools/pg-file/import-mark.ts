/** The PG value that stands while a PG is imported: who finds it knows that the PG is not whole, and must not serve it. */
export const importMarkKey = '\xff\xffimport';
