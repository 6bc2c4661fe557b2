/** As Ceph writes ages: `45s`, `12m`, `3h`, `2d`, `5w`. */
export function ageText(seconds: number): string {
  const units = [
    ['w', 604_800],
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
  ] as const;
  // Two of a unit before it is used: 90 minutes are not yet 1 h.
  const fitting = units.find(([, length]) => seconds >= 2 * length);
  return fitting === undefined ? `${seconds}s` : `${Math.floor(seconds / fitting[1])}${fitting[0]}`;
}
