const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/** For people, as Ceph writes sizes: three digits that matter, `1.5 GiB`, `37 MiB`. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // What would round up to four digits goes into the next unit.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const decimals = unit === 0 || value >= 9.95 ? 0 : 1;
  return `${value.toFixed(decimals)} ${units[unit] ?? ''}`;
}
