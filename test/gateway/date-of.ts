/** As SDKs give and take times. */
export function dateOf(at: number | string): Date {
  // oxlint-disable-next-line no-restricted-globals -- a pure conversion of a given instant
  return new Date(at);
}
