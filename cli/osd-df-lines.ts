/** The numbers of `cairn osd df`: of OSDs as reported, of buckets as the sums of what stands in them. */
import type { OsdDf, OsdTreeNode } from '../protocol/commands/osd.js';

export interface DfLine {
  readonly node: OsdTreeNode;
  /** Of a bucket: the sum over the OSDs in it that are known; `undefined` when none is. */
  readonly totalBytes: number | undefined;
  readonly usedBytes: number | undefined;
  /** Used of total, 0 to 1. */
  readonly use: number | undefined;
  /** `use` over the average of all OSDs. */
  readonly variance: number | undefined;
  /** Of OSDs only. */
  readonly pgs: number | undefined;
}

export interface DfSummary {
  readonly total: Pick<DfLine, 'totalBytes' | 'usedBytes' | 'use'>;
  readonly minVariance: number | undefined;
  readonly maxVariance: number | undefined;
  /** Standard deviation of the OSDs' use, in percentage points. */
  readonly deviation: number | undefined;
}

interface Sizes {
  totalBytes: number | undefined;
  usedBytes: number | undefined;
}

/** The nodes, then those that stand nowhere. */
export function dfLines({ nodes, stray, usage }: OsdDf): DfLine[] {
  const all = [...nodes, ...stray];
  const byId = new Map(usage.map((one) => [one.id, one]));
  const sizes = all.map(({ id }): Sizes => {
    const { totalBytes, usedBytes } = byId.get(id) ?? {};
    return { totalBytes, usedBytes };
  });
  sumUp(nodes, sizes);
  const known = usage.filter(({ totalBytes }) => totalBytes !== undefined);
  const average = useOf(sumOf(known));
  return all.map((node, index): DfLine => {
    const { totalBytes, usedBytes } = sizes[index] ?? {};
    const use = useOf({ totalBytes, usedBytes });
    const variance = use === undefined || average === undefined || average === 0 ? undefined : use / average;
    return { node, totalBytes, usedBytes, use, variance, pgs: byId.get(node.id)?.pgs };
  });
}

export function dfSummary(lines: readonly DfLine[]): DfSummary {
  // An OSD that stands in two places counts once.
  const osds = [...new Map(lines.filter(({ node }) => node.id >= 0).map((line) => [line.node.id, line])).values()];
  const total = sumOf(osds);
  const uses = osds.map(({ use }) => use).filter((use) => use !== undefined);
  const variances = osds.map(({ variance }) => variance).filter((variance) => variance !== undefined);
  const mean = uses.reduce((sum, use) => sum + use, 0) / uses.length;
  const squares = uses.reduce((sum, use) => sum + (use - mean) ** 2, 0);
  return {
    total: { ...total, use: useOf(total) },
    minVariance: variances.length === 0 ? undefined : Math.min(...variances),
    maxVariance: variances.length === 0 ? undefined : Math.max(...variances),
    deviation: uses.length === 0 ? undefined : 100 * Math.sqrt(squares / uses.length),
  };
}

/** Gives each bucket the sum of what stands below it; depth first, so a node's children follow it. */
function sumUp(nodes: readonly OsdTreeNode[], sizes: readonly Sizes[]): void {
  const path: Sizes[] = [];
  nodes.forEach(({ id, depth }, index) => {
    const own = sizes[index];
    if (own === undefined) return;
    path.length = depth;
    if (id >= 0) for (const above of path) addTo(above, own);
    path.push(own);
  });
}

function addTo(sum: Sizes, { totalBytes, usedBytes }: Sizes): void {
  if (totalBytes === undefined || usedBytes === undefined) return;
  sum.totalBytes = (sum.totalBytes ?? 0) + totalBytes;
  sum.usedBytes = (sum.usedBytes ?? 0) + usedBytes;
}

function sumOf(all: readonly Readonly<Sizes>[]): Sizes {
  const sum: Sizes = { totalBytes: undefined, usedBytes: undefined };
  for (const one of all) addTo(sum, one);
  return sum;
}

function useOf({ totalBytes, usedBytes }: Readonly<Sizes>): number | undefined {
  return totalBytes === undefined || usedBytes === undefined || totalBytes === 0 ? undefined : usedBytes / totalBytes;
}
