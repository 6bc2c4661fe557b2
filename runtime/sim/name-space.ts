/**
 * The names of one simulated disk: directories and what they hold, now and durably.
 *
 * A create, rename or remove is one *change* of one or two names. It becomes durable when a later `syncDirectory` of a
 * directory that it touches completes. Rules of a crash for the changes that are not durable yet:
 *   - any subset of them survives, in particular a later one without an earlier one on other names;
 *   - each change survives whole or not at all: a rename never leaves both names or none of them;
 *   - a change survives only together with the earlier ones of the same name or the same file, so that no file appears
 *     twice, and a file whose name was durable before a rename has its old name or its new one;
 *   - names say nothing about content: a name may survive whose file's bytes did not (file-content.ts).
 * A directory that did not survive takes what was in it along, synced or not: sync the parent as well.
 * Kernels commit names in the background too: of more than 1,000 waiting changes the older half becomes durable.
 */
import { CairnError } from '../../base/errors.js';
import type { FileContent } from './file-content.js';
import type { Prng } from './prng.js';

/** Something else that lives under a name and survives crashes by its own rules: a key-value store. */
export interface SpecialContent {
  readonly allocatedBytes: number;
  readonly size: number;
  crash(): void;
  /** Flips a bit of what is stored under the key. False if there is nothing. */
  rot(key: string, bit: number): boolean;
  /** Loses what is stored under the key, now and durably. False if there is nothing. */
  drop(key: string): boolean;
}

export interface FileNode {
  readonly kind: 'file';
  readonly content: FileContent;
  /** Set when the node is more than a file to those who know it. */
  readonly special: SpecialContent | undefined;
  openCount: number;
  isLinked: boolean;
  /** What it counts for in the disk's use. */
  countedBytes: number;
}

export interface DirectoryNode {
  readonly kind: 'directory';
  readonly entries: Map<string, Node>;
  readonly durable: Map<string, Node>;
}

export type Node = FileNode | DirectoryNode;

interface NameChange {
  readonly directory: DirectoryNode;
  readonly name: string;
  readonly node: Node | undefined;
}

interface Change {
  readonly sequence: number;
  readonly names: readonly NameChange[];
  /** The file or directory that was made, moved or removed, and the one it replaced. */
  readonly nodes: readonly Node[];
}

const pendingMax = 1_000;

export class NameSpace {
  readonly root: DirectoryNode = makeDirectoryNode();
  #pending: Change[] = [];
  #sequence = 0;

  /** `undefined` when nothing is there; throws `INVALID_ARGUMENT` when the way leads through a file. */
  find(path: string): Node | undefined {
    let node: Node | undefined = this.root;
    for (const name of splitPath(path)) {
      if (node === undefined) return undefined;
      node = directoryOf(node, path).entries.get(name);
    }
    return node;
  }

  parentOf(path: string): { readonly directory: DirectoryNode; readonly name: string } {
    const names = splitPath(path);
    const name = names.pop();
    if (name === undefined) throw new CairnError('INVALID_ARGUMENT', `${path} is the root of the disk`);
    const directory = this.find(names.join('/'));
    if (directory === undefined) throw notFound(path);
    return { directory: directoryOf(directory, path), name };
  }

  /** Makes the name; what it named before is replaced. */
  link(directory: DirectoryNode, name: string, node: Node): void {
    this.#change([{ directory, name, node }], [node, directory.entries.get(name)]);
  }

  unlink(directory: DirectoryNode, name: string): void {
    this.#change([{ directory, name, node: undefined }], [directory.entries.get(name)]);
  }

  rename(from: { directory: DirectoryNode; name: string }, to: { directory: DirectoryNode; name: string }): void {
    const node = from.directory.entries.get(from.name);
    if (node === undefined || (from.directory === to.directory && from.name === to.name)) return;
    const replaced = to.directory.entries.get(to.name);
    this.#change(
      [
        { ...from, node: undefined },
        { ...to, node },
      ],
      [node, replaced],
    );
  }

  /** What `completeSync` takes: changes made later are not part of the sync. */
  beginSync(): number {
    return this.#sequence;
  }

  completeSync(directory: DirectoryNode, upTo: number): void {
    this.#settle(this.#withEarlier((change) => change.sequence <= upTo && touches(change, directory)));
  }

  /** Makes the names of these files and directories durable, with whatever that takes. */
  makeDurable(nodes: ReadonlySet<Node>): void {
    this.#settle(this.#withEarlier((change) => change.nodes.some((node) => nodes.has(node))));
  }

  /** The names that survive become the present ones. Files that no name leads to are forgotten. */
  crash(prng: Prng): void {
    const kept = prng.pick([0, 1, prng.float(), prng.float()]);
    this.#settle(this.#withEarlier(() => prng.chance(kept)));
    this.#pending = [];
    restore(this.root);
  }

  /** Every file that a present name leads to, in the order of their making. */
  *files(directory: DirectoryNode = this.root): Generator<FileNode> {
    for (const node of directory.entries.values()) {
      if (node.kind === 'file') yield node;
      else yield* this.files(node);
    }
  }

  #change(names: readonly NameChange[], nodes: readonly (Node | undefined)[]): void {
    for (const { directory, name, node } of names) assign(directory.entries, name, node);
    this.#sequence += 1;
    const present = nodes.filter((node) => node !== undefined);
    this.#pending.push({ sequence: this.#sequence, names, nodes: present });
    if (this.#pending.length > pendingMax) {
      const upTo = this.#sequence - pendingMax / 2;
      this.#settle(this.#withEarlier((change) => change.sequence <= upTo));
    }
  }

  /** The chosen changes and all earlier ones of the same names or files, in order. */
  #withEarlier(isChosen: (change: Change) => boolean): Set<Change> {
    const chosen = new Set<Change>();
    const nodes = new Set<Node>();
    const names = new Map<DirectoryNode, Set<string>>();
    for (const change of this.#pending.toReversed()) {
      const isNeeded =
        change.nodes.some((node) => nodes.has(node)) ||
        change.names.some(({ directory, name }) => names.get(directory)?.has(name) === true);
      // Asked in every case: a draw must not depend on the others' outcome more than it has to.
      if (!isChosen(change) && !isNeeded) continue;
      chosen.add(change);
      for (const node of change.nodes) nodes.add(node);
      for (const { directory, name } of change.names) {
        const known = names.get(directory);
        if (known === undefined) names.set(directory, new Set([name]));
        else known.add(name);
      }
    }
    return chosen;
  }

  #settle(chosen: ReadonlySet<Change>): void {
    for (const change of this.#pending) {
      if (!chosen.has(change)) continue;
      for (const { directory, name, node } of change.names) assign(directory.durable, name, node);
    }
    this.#pending = this.#pending.filter((change) => !chosen.has(change));
  }
}

export function makeDirectoryNode(): DirectoryNode {
  return { kind: 'directory', entries: new Map(), durable: new Map() };
}

export function makeFileNode(content: FileContent, special?: SpecialContent): FileNode {
  return { kind: 'file', content, special, openCount: 0, isLinked: true, countedBytes: 0 };
}

export function notFound(path: string): CairnError {
  return new CairnError('NOT_FOUND', `${path} does not exist`);
}

function directoryOf(node: Node, path: string): DirectoryNode {
  if (node.kind === 'directory') return node;
  throw new CairnError('INVALID_ARGUMENT', `a part of ${path} is not a directory`);
}

/** The names on the way; `.` and empty names lead nowhere, `..` leads up. */
export function splitPath(path: string): string[] {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return names;
}

function touches(change: Change, directory: DirectoryNode): boolean {
  return change.names.some((name) => name.directory === directory);
}

function assign(entries: Map<string, Node>, name: string, node: Node | undefined): void {
  if (node === undefined) entries.delete(name);
  else entries.set(name, node);
}

function restore(directory: DirectoryNode): void {
  directory.entries.clear();
  for (const [name, node] of directory.durable) {
    directory.entries.set(name, node);
    if (node.kind === 'directory') restore(node);
  }
}
