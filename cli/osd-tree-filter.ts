/** Parts of the tree: OSDs of some state with what they stand in. */
import { CairnError } from '../base/errors.js';
import type { OsdTree, OsdTreeNode } from '../protocol/commands/osd.js';

export const treeStates = ['up', 'down', 'in', 'out', 'draining', 'drained'] as const;

const tests: Readonly<Record<string, (osd: NonNullable<OsdTreeNode['osd']>) => boolean>> = {
  up: ({ status }) => status === 'up',
  down: ({ status }) => status === 'down',
  in: ({ isIn }) => isIn,
  out: ({ isIn, status }) => !isIn && status !== 'absent',
  draining: ({ drain }) => drain === 'draining',
  drained: ({ drain }) => drain === 'drained',
};

/** Without states the whole tree. Throws `INVALID_ARGUMENT` for an unknown state. */
export function filterTree(tree: OsdTree, states: readonly string[]): OsdTree {
  if (states.length === 0) return tree;
  const wanted = states.map((state) => {
    const test = tests[state];
    if (test !== undefined) return test;
    throw new CairnError(
      'INVALID_ARGUMENT',
      `"${state.slice(0, 40)}" is no state; choose among ${treeStates.join(', ')}`,
    );
  });
  const matches = ({ osd }: OsdTreeNode): boolean => osd !== undefined && wanted.every((test) => test(osd));
  const kept: OsdTreeNode[] = [];
  // From the last to the first: what stands above a kept node comes right before it, at lower depths.
  let needed = 0;
  for (const node of tree.nodes.toReversed()) {
    if (matches(node)) needed = node.depth;
    else if (node.depth >= needed) continue;
    else needed = node.depth;
    kept.push(node);
  }
  return { nodes: kept.reverse(), stray: tree.stray.filter(matches) };
}

/** Per node, the ids right below it. */
export function childIds(nodes: readonly OsdTreeNode[]): number[][] {
  const children = nodes.map((): number[] => []);
  const path: number[] = [];
  nodes.forEach(({ id, depth }, index) => {
    path.length = depth;
    const parent = path.at(-1);
    if (parent !== undefined) children[parent]?.push(id);
    path.push(index);
  });
  return children;
}
