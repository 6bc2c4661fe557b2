/** Where OSDs stand in the CRUSH hierarchy: what fails together, and what is down as a whole. */
import { osdId, type OsdId } from './ids.js';
import type { Bucket, CrushMap } from '../crush/types.js';

/** A bucket with what stands below it, at any depth. Shadow trees of device classes are left out: they repeat the others. */
export interface Subtree {
  readonly id: number;
  readonly name: string;
  /** Key of `CrushMap.types`; larger is higher up. */
  readonly type: number;
  readonly typeName: string;
  /** A child of several parents has the one of the lowest number; a root has none. */
  readonly parent: number | undefined;
  /** Ascending, each once. */
  readonly osds: readonly OsdId[];
}

export class Topology {
  /** By bucket id, children before their parents. */
  readonly subtrees: ReadonlyMap<number, Subtree>;
  readonly #parentOf: ReadonlyMap<number, number>;
  readonly #types: ReadonlyMap<number, string>;

  /** Linear in buckets and items, times the depth. */
  constructor(crush: CrushMap) {
    this.#types = crush.types;
    this.#parentOf = parentsOf(crush);
    const subtrees = new Map<number, Subtree>();
    for (const bucket of bottomUp(crush)) {
      const osds = new Set<OsdId>();
      for (const { id } of bucket.items) {
        if (id >= 0) osds.add(osdId(id));
        else for (const osd of subtrees.get(id)?.osds ?? []) osds.add(osd);
      }
      subtrees.set(bucket.id, {
        id: bucket.id,
        name: bucket.name,
        type: bucket.type,
        typeName: crush.types.get(bucket.type) ?? `type${bucket.type}`,
        parent: this.#parentOf.get(bucket.id),
        osds: [...osds].sort((a, b) => a - b),
      });
    }
    this.subtrees = subtrees;
  }

  /** From the OSD's own bucket up to its root; empty for an OSD outside the hierarchy. */
  ancestorsOf(osd: OsdId): Subtree[] {
    const path: Subtree[] = [];
    for (let id = this.#parentOf.get(osd); id !== undefined; id = this.#parentOf.get(id)) {
      const subtree = this.subtrees.get(id);
      if (subtree !== undefined) path.push(subtree);
    }
    return path;
  }

  /** The number of a type, or `undefined` for a name that the CRUSH map does not know. */
  typeOf(name: string): number | undefined {
    for (const [type, known] of this.#types) if (known === name) return type;
    return undefined;
  }

  /**
   * A name for what fails together with `osd` at the level `typeName`: its bucket of that type. Where the hierarchy
   * leaves that level out, the largest bucket below the level; for an OSD that stands in none, its machine, and
   * without a machine's name the OSD alone. So a gap in the hierarchy makes domains larger rather than witnesses cheaper.
   */
  domainOf(osd: OsdId, typeName: string, hostname: string): string {
    const level = this.typeOf(typeName) ?? 1;
    if (level === 0) return `osd.${osd}`;
    let below: Subtree | undefined;
    for (const subtree of this.ancestorsOf(osd)) {
      if (subtree.type === level) return `${subtree.typeName} ${subtree.name}`;
      if (subtree.type < level) below = subtree;
    }
    if (below !== undefined) return `${below.typeName} ${below.name}`;
    return hostname === '' ? `osd.${osd}` : `machine ${hostname}`;
  }
}

function parentsOf(crush: CrushMap): Map<number, number> {
  const parentOf = new Map<number, number>();
  for (const id of [...crush.buckets.keys()].sort((a, b) => b - a)) {
    const bucket = crush.buckets.get(id);
    if (bucket === undefined || bucket.shadow !== undefined) continue;
    for (const item of bucket.items) if (!parentOf.has(item.id)) parentOf.set(item.id, id);
  }
  return parentOf;
}

/** Without recursion: depth is the map's to choose. The CRUSH map has no cycles (crush/check-map.ts). */
function bottomUp(crush: CrushMap): Bucket[] {
  const done = new Set<number>();
  const order: Bucket[] = [];
  for (const start of crush.buckets.values()) {
    if (start.shadow !== undefined) continue;
    const open = [start];
    for (let bucket = open.at(-1); bucket !== undefined; bucket = open.at(-1)) {
      const waiting = done.has(bucket.id) ? [] : childrenLeft(crush, bucket, done);
      if (waiting.length > 0) {
        open.push(...waiting);
        continue;
      }
      open.pop();
      if (done.has(bucket.id)) continue;
      done.add(bucket.id);
      order.push(bucket);
    }
  }
  return order;
}

function childrenLeft(crush: CrushMap, bucket: Bucket, done: ReadonlySet<number>): Bucket[] {
  return bucket.items.flatMap(({ id }) => {
    const child = crush.buckets.get(id);
    return child === undefined || done.has(id) ? [] : [child];
  });
}
