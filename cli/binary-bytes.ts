const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/** `512 B`, `1.8 TiB`, `931 GiB`: three characters of number, as Ceph's tables have them. `-` for what is unknown. */
export function binaryBytes(bytes: number | undefined): string {
  if (bytes === undefined) return '-';
  let power = 0;
  while (bytes >= 1024 ** (power + 1) && power < units.length - 1) power += 1;
  const value = bytes / 1024 ** power;
  const unit = units[power] ?? 'B';
  if (Number.isInteger(value)) return `${value} ${unit}`;
  for (const decimals of [2, 1]) {
    const text = value.toFixed(decimals);
    if (text.length <= 3) return `${text} ${unit}`;
  }
  return `${value.toFixed(0)} ${unit}`;
}
