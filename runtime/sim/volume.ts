/** One simulated disk: its names and files, how long it takes, how much it holds, and what a power loss leaves of it. */
import { CairnError } from '../../base/errors.js';
import { DiskFaults } from './disk-faults.js';
import { FileContent } from './file-content.js';
import { makeFileNode, NameSpace, type DirectoryNode, type FileNode, type SpecialContent } from './name-space.js';
import { Prng } from './prng.js';
import type { Scheduler } from './scheduler.js';

export interface VolumeOptions {
  /** Default 1 TiB: full only where a test wants it. */
  readonly capacityBytes?: number;
  /** Of a read that is not in any cache, in ms. Default 0.1. */
  readonly readMs?: number;
  /** Of a write into the page cache, in ms. Default 0.02. */
  readonly writeMs?: number;
  /** Of a datasync or durable write, in ms. Default 0.2 (docs/NODE-LIMITS.md 5). */
  readonly syncMs?: number;
  /** Default 1 GB/s. */
  readonly bytesPerSecond?: number;
}

export class SimVolume {
  readonly label: string;
  readonly names = new NameSpace();
  readonly faults: DiskFaults;
  readonly prng: Prng;
  capacityBytes: number;
  readonly #scheduler: Scheduler;
  readonly #seed: string;
  readonly #options: Required<VolumeOptions>;
  #usedBytes = 0;
  #fileCount = 0;
  #busyUntil = 0;
  #stalledUntil = 0;

  constructor(label: string, scheduler: Scheduler, seed: string, options: VolumeOptions) {
    this.label = label;
    this.#scheduler = scheduler;
    this.#seed = seed;
    this.prng = new Prng(`${seed}/volume/${label}`);
    const defaults = { capacityBytes: 2 ** 40, readMs: 0.1, writeMs: 0.02, syncMs: 0.2, bytesPerSecond: 1e9 };
    this.#options = { ...defaults, ...options };
    this.capacityBytes = this.#options.capacityBytes;
    this.faults = new DiskFaults(this);
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get freeBytes(): number {
    return Math.max(0, this.capacityBytes - this.#usedBytes);
  }

  readDelay(bytes: number): number {
    return this.#delay(this.#options.readMs, bytes);
  }

  writeDelay(bytes: number): number {
    return this.#delay(this.#options.writeMs, bytes);
  }

  syncDelay(bytes: number): number {
    return this.#delay(this.#options.syncMs, bytes);
  }

  /** Of an operation on names. */
  nameDelay(): number {
    return this.#delay(this.#options.writeMs, 0);
  }

  stall(ms: number): void {
    this.#stalledUntil = Math.max(this.#stalledUntil, this.#scheduler.now + ms);
  }

  createFile(directory: DirectoryNode, name: string, special?: SpecialContent): FileNode {
    const content = new FileContent(this.newStream('file'));
    const node = makeFileNode(content, special);
    this.names.link(directory, name, node);
    return node;
  }

  /** For one file: its draws shift nobody else's. */
  newStream(kind: string): Prng {
    this.#fileCount += 1;
    return new Prng(`${this.#seed}/volume/${this.label}/${kind}/${this.#fileCount}`);
  }

  unlink(directory: DirectoryNode, name: string): void {
    const node = directory.entries.get(name);
    this.names.unlink(directory, name);
    if (node?.kind === 'file') this.#unlinked(node);
  }

  rename(from: { directory: DirectoryNode; name: string }, to: { directory: DirectoryNode; name: string }): void {
    const replaced = to.directory.entries.get(to.name);
    const moved = from.directory.entries.get(from.name);
    this.names.rename(from, to);
    if (replaced?.kind === 'file' && replaced !== moved) this.#unlinked(replaced);
  }

  /** Brings the count of used bytes up to date after the file changed. */
  recount(node: FileNode): void {
    const bytes =
      node.isLinked || node.openCount > 0 ? node.content.allocatedBytes + (node.special?.allocatedBytes ?? 0) : 0;
    this.#usedBytes += bytes - node.countedBytes;
    node.countedBytes = bytes;
  }

  rot(path: string, position: number, bit: number): boolean {
    const node = this.names.find(path);
    if (node?.kind !== 'file') throw new CairnError('NOT_FOUND', `${path} is no file of ${this.label}`);
    this.#scheduler.note('disk.rot', this.label, position, bit, path);
    return node.content.rot(position, bit);
  }

  rotValue(directory: string, key: string, bit: number): boolean {
    this.#scheduler.note('disk.rot-value', this.label, bit, 0, directory);
    return this.#specialsIn(directory).some(({ special }) => special?.rot(key, bit) === true);
  }

  dropKey(directory: string, key: string): boolean {
    this.#scheduler.note('disk.drop-key', this.label, key.length, 0, directory);
    const node = this.#specialsIn(directory).find(({ special }) => special?.drop(key) === true);
    if (node !== undefined) this.recount(node);
    return node !== undefined;
  }

  crash(): void {
    this.names.crash(this.prng);
    this.#usedBytes = 0;
    this.#busyUntil = 0;
    let digest = 0;
    for (const node of this.names.files()) {
      node.content.crash();
      node.special?.crash();
      node.openCount = 0;
      node.isLinked = true;
      node.countedBytes = 0;
      this.recount(node);
      digest = Math.imul(digest ^ node.content.size, 0x0100_0193);
    }
    this.#scheduler.note('disk.crash', this.label, this.#usedBytes, digest);
  }

  #specialsIn(directory: string): FileNode[] {
    const parent = this.names.find(directory);
    if (parent?.kind !== 'directory')
      throw new CairnError('NOT_FOUND', `${directory} is no directory of ${this.label}`);
    return [...parent.entries.values()].filter((node): node is FileNode => node.kind === 'file');
  }

  #unlinked(node: FileNode): void {
    node.isLinked = false;
    this.recount(node);
  }

  /** Transfers share the disk's bandwidth; latencies overlap, so operations complete out of order. */
  #delay(baseMs: number, bytes: number): number {
    const { now } = this.#scheduler;
    const { slowdown } = this.faults;
    const start = Math.max(now, this.#stalledUntil);
    const latency = baseMs * this.prng.between(0.6, 1.6) * (this.prng.chance(0.01) ? 10 : 1);
    if (bytes === 0) return start - now + latency * slowdown;
    const transfer = (bytes * 1_000) / this.#options.bytesPerSecond;
    this.#busyUntil = Math.max(this.#busyUntil, start) + transfer * slowdown;
    return this.#busyUntil - now + latency * slowdown;
  }
}
