/** Characters of JSON in one answer: it fits the header of a message (wire/limits.ts) in any language. */
export const answerLengthMax = 256 * 1024;

/** The first of `all`: at most `count`, as many as one answer holds, at least one. */
export function answerPage<One>(
  all: Iterable<One>,
  count: number,
): { readonly page: One[]; readonly hasMore: boolean } {
  const page: One[] = [];
  let length = 0;
  for (const one of all) {
    length += JSON.stringify(one).length;
    if (page.length >= count || (length > answerLengthMax && page.length > 0)) return { page, hasMore: true };
    page.push(one);
  }
  return { page, hasMore: false };
}
