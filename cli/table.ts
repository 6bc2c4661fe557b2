/** Aligned tables for people. Programs read `--json`. */

export interface Column {
  readonly title: string;
  /** Numbers go right, names left. Default left. */
  readonly align?: 'left' | 'right';
}

/**
 * Titles over rows, two spaces between columns, every cell padded to its column: as Ceph's tables are, so titles stand
 * left even over numbers. Each line ends with a newline.
 */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ title }) => title.length);
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  }
  const line = (cells: readonly string[], isTitle: boolean): string => {
    const padded = cells.map((cell, index) => {
      const width = widths[index] ?? 0;
      return columns[index]?.align === 'right' && !isTitle ? cell.padStart(width) : cell.padEnd(width);
    });
    return `${padded.join('  ')}\n`;
  };
  const titles = columns.map(({ title }) => title);
  return [line(titles, true), ...rows.map((row) => line(row, false))].join('');
}
