/**
 * Accusations that convince nobody. When the link between two hosts is cut, each side reports the other, all of them
 * beacon, and no two domains agree: yet the PGs that have members on both sides stand still until somebody gives way.
 *
 *     a1 --x-- b1        Accusations are the edges of a graph. Whoever ends a stalemate must take at least one end of
 *       \     /          each edge: a vertex cover. Greedily the OSD with the most edges goes first. So a lonely OSD
 *        x   x           that accuses many goes alone, the smaller side of a cut goes before the larger one, and of two
 *       /     \          equal sides one stays whole: once its first OSD is gone, the others of that side have more
 *     a2 --x-- b2        edges left than those across.
 *
 * Only edges that stood for `stalemateMs` force a decision; younger ones count as edges, so that reports of one cut that
 * come in one after the other are judged together.
 */
import type { OsdId } from '../../cluster/ids.js';

export interface Accusation {
  readonly reporter: OsdId;
  readonly target: OsdId;
  /** It has stood for long enough. */
  readonly isOld: boolean;
}

interface Vertex {
  readonly osd: OsdId;
  readonly partners: Set<OsdId>;
  /** Partners across edges that force a decision. */
  readonly forcing: Set<OsdId>;
  readonly accusers: Set<OsdId>;
}

/** Whom to mark down, in the order decided; nobody without an old accusation. Ties: more accusers, then the higher id. */
export function settle(accusations: readonly Accusation[]): OsdId[] {
  if (!accusations.some(({ isOld }) => isOld)) return [];
  const vertices = graphOf(accusations);
  const chosen: OsdId[] = [];
  for (let next = heaviest(vertices); next !== undefined; next = heaviest(vertices)) {
    chosen.push(next.osd);
    vertices.delete(next.osd);
    for (const id of next.partners) {
      const partner = vertices.get(id);
      partner?.partners.delete(next.osd);
      partner?.forcing.delete(next.osd);
      partner?.accusers.delete(next.osd);
    }
  }
  return chosen;
}

function graphOf(accusations: readonly Accusation[]): Map<OsdId, Vertex> {
  const vertices = new Map<OsdId, Vertex>();
  const vertexOf = (osd: OsdId): Vertex => {
    const known = vertices.get(osd);
    if (known !== undefined) return known;
    const made = { osd, partners: new Set<OsdId>(), forcing: new Set<OsdId>(), accusers: new Set<OsdId>() };
    vertices.set(osd, made);
    return made;
  };
  for (const { reporter, target, isOld } of accusations) {
    const [from, to] = [vertexOf(reporter), vertexOf(target)];
    from.partners.add(target);
    to.partners.add(reporter);
    to.accusers.add(reporter);
    if (!isOld) continue;
    from.forcing.add(target);
    to.forcing.add(reporter);
  }
  return vertices;
}

function heaviest(vertices: ReadonlyMap<OsdId, Vertex>): Vertex | undefined {
  let best: Vertex | undefined;
  for (const vertex of vertices.values()) {
    if (vertex.forcing.size > 0 && (best === undefined || isHeavier(vertex, best))) best = vertex;
  }
  return best;
}

function isHeavier(a: Vertex, b: Vertex): boolean {
  if (a.partners.size !== b.partners.size) return a.partners.size > b.partners.size;
  if (a.accusers.size !== b.accusers.size) return a.accusers.size > b.accusers.size;
  return a.osd > b.osd;
}
