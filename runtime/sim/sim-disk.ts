/** The file systems of a machine as one process sees them: each volume is mounted at a path. */
import { CairnError } from '../../base/errors.js';
import type { Disk, DiskFile, FileStat, OpenOptions, SpaceStat } from '../disk.js';
import { makeDirectoryNode, notFound, splitPath, type DirectoryNode, type FileNode } from './name-space.js';
import type { SimProcess } from './process.js';
import { noSpace, SimFile } from './sim-file.js';
import type { SimVolume } from './volume.js';

export interface Mount {
  /** Normalised: `/` or `/a/b`. */
  readonly path: string;
  readonly volume: SimVolume;
}

export interface Place {
  readonly volume: SimVolume;
  /** From the volume's root, normalised. */
  readonly path: string;
}

export class SimDisk implements Disk {
  readonly #process: SimProcess;
  readonly #mounts: readonly Mount[];

  constructor(process: SimProcess, mounts: readonly Mount[]) {
    this.#process = process;
    this.#mounts = mounts;
  }

  async open(path: string, options: OpenOptions): Promise<DiskFile> {
    const place = this.place(path);
    return await this.#named('disk.open', place, () => {
      const node = this.#openNode(path, place, options);
      return new SimFile(this.#process, place.volume, node, path, place.path, options);
    });
  }

  async stat(path: string): Promise<FileStat> {
    const place = this.place(path);
    return await this.#named('disk.stat', place, () => {
      const node = place.volume.names.find(place.path);
      if (node === undefined) throw notFound(path);
      if (node.kind === 'directory') return { kind: 'directory', bytes: 0 };
      return { kind: 'file', bytes: node.content.size + (node.special?.size ?? 0) };
    });
  }

  async makeDirectory(path: string): Promise<void> {
    const place = this.place(path);
    await this.#named('disk.mkdir', place, () => {
      makeDirectories(place, path);
    });
  }

  async list(path: string): Promise<string[]> {
    const place = this.place(path);
    return await this.#named('disk.list', place, () => {
      const { entries } = this.#directory(place, path);
      // Names are Unicode text; their UTF-8 bytes decide, not their UTF-16 units.
      return [...entries.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    });
  }

  async rename(from: string, to: string): Promise<void> {
    const source = this.place(from);
    const target = this.place(to);
    await this.#named('disk.rename', source, () => {
      if (source.volume !== target.volume) throw invalid(`${from} and ${to} are on different file systems`);
      const { names } = source.volume;
      const before = names.parentOf(source.path);
      const after = names.parentOf(target.path);
      const moved = before.directory.entries.get(before.name);
      const replaced = after.directory.entries.get(after.name);
      if (moved === undefined) throw notFound(from);
      if (replaced !== undefined && replaced !== moved) {
        if (replaced.kind !== moved.kind) throw invalid(`${to} is no ${moved.kind}`);
        if (replaced.kind === 'directory' && replaced.entries.size > 0)
          throw new CairnError('CONFLICT', `${to} is not empty`);
      }
      if (
        moved.kind === 'directory' &&
        `${target.path}/`.startsWith(`${source.path}/`) &&
        source.path !== target.path
      ) {
        throw invalid(`${to} is inside of ${from}`);
      }
      source.volume.rename(before, after);
    });
  }

  async removeFile(path: string): Promise<void> {
    const place = this.place(path);
    await this.#named('disk.unlink', place, () => {
      const { directory, name } = place.volume.names.parentOf(place.path);
      const node = directory.entries.get(name);
      if (node === undefined) throw notFound(path);
      if (node.kind === 'directory') throw invalid(`${path} is a directory`);
      place.volume.unlink(directory, name);
    });
  }

  /** Entry by entry, so that a kill or a crash finds it half done. */
  async removeTree(path: string): Promise<void> {
    const place = this.place(path);
    for (;;) {
      const isGone = await this.#named('disk.rmtree', place, () => removeOne(place));
      if (isGone) return;
    }
  }

  async syncDirectory(path: string): Promise<void> {
    const place = this.place(path);
    const { names, faults } = place.volume;
    const upTo = names.beginSync();
    await this.#process.io('disk.syncdir', place.volume.syncDelay(0), () => {
      const directory = this.#directory(place, path);
      if (faults.syncFails()) throw new CairnError('IO_ERROR', `sync of ${path} failed (simulated)`);
      names.completeSync(directory, upTo);
    });
  }

  async space(path: string): Promise<SpaceStat> {
    const place = this.place(path);
    return await this.#named('disk.space', place, () => {
      if (place.volume.names.find(place.path) === undefined) throw notFound(path);
      return { totalBytes: place.volume.capacityBytes, freeBytes: place.volume.freeBytes };
    });
  }

  /** The volume with the longest matching mount path. */
  place(path: string): Place {
    if (path === '' || path.includes('\0')) throw invalid(`a path is a text without NUL, not ${JSON.stringify(path)}`);
    const full = `/${splitPath(path).join('/')}`;
    let best: Mount | undefined;
    for (const mount of this.#mounts) {
      const isInside = mount.path === '/' || full === mount.path || full.startsWith(`${mount.path}/`);
      if (isInside && (best === undefined || mount.path.length > best.path.length)) best = mount;
    }
    if (best === undefined) throw notFound(path);
    const rest = best.path === '/' ? full : full.slice(best.path.length);
    return { volume: best.volume, path: rest === '' ? '/' : rest };
  }

  #named<T>(kind: string, place: Place, finish: () => T): Promise<T> {
    return this.#process.io(kind, place.volume.nameDelay(), finish);
  }

  #openNode(path: string, place: Place, options: OpenOptions): FileNode {
    const { directory, name } = place.volume.names.parentOf(place.path);
    const node = directory.entries.get(name);
    if (node?.kind === 'directory') throw invalid(`${path} is a directory`);
    if (node !== undefined) {
      if (options.mode === 'create-new') throw exists(path, 'exists already');
      return node;
    }
    if (options.mode === 'read' || options.mode === 'write') throw notFound(path);
    if (place.volume.freeBytes === 0) throw noSpace(path);
    return place.volume.createFile(directory, name);
  }

  #directory(place: Place, path: string): DirectoryNode {
    const node = place.volume.names.find(place.path);
    if (node === undefined) throw notFound(path);
    if (node.kind !== 'directory') throw invalid(`${path} is no directory`);
    return node;
  }
}

/** The directory and its missing parents. */
export function makeDirectories(place: Place, path: string): DirectoryNode {
  let directory = place.volume.names.root;
  const names = splitPath(place.path);
  for (const [depth, name] of names.entries()) {
    const next = directory.entries.get(name);
    if (next?.kind === 'file')
      throw depth === names.length - 1 ? exists(path, 'is a file') : invalid(`${path} is below a file`);
    if (next === undefined) {
      const made = makeDirectoryNode();
      place.volume.names.link(directory, name, made);
      directory = made;
    } else {
      directory = next;
    }
  }
  return directory;
}

/** Removes one leaf of the tree at `place`. True when nothing is left. */
function removeOne(place: Place): boolean {
  const { names } = place.volume;
  if (names.find(place.path) === undefined) return true;
  let { directory, name } = names.parentOf(place.path);
  for (;;) {
    const node = directory.entries.get(name);
    const first = node?.kind === 'directory' ? node.entries.keys().next().value : undefined;
    if (node?.kind !== 'directory' || first === undefined) break;
    directory = node;
    name = first;
  }
  place.volume.unlink(directory, name);
  return names.find(place.path) === undefined;
}

function invalid(message: string): CairnError {
  return new CairnError('INVALID_ARGUMENT', message);
}

function exists(path: string, what: string): CairnError {
  return new CairnError('EXISTS', `${path} ${what}`);
}
