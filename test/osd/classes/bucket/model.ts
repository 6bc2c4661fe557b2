/** A bucket as S3 describes it, kept the simplest way: of each key its versions, the newest first. */
import type { Version } from './requests.js';

export interface ModelVersion {
  readonly id: Version;
  readonly isNull: boolean;
  readonly isMarker: boolean;
  readonly text: string;
}

export type Versioning = 'off' | 'enabled' | 'suspended';

export class ModelBucket {
  versioning: Versioning = 'off';
  readonly keys = new Map<string, ModelVersion[]>();

  versions(key: string): readonly ModelVersion[] {
    return this.keys.get(key) ?? [];
  }

  current(key: string): ModelVersion | undefined {
    const [latest] = this.versions(key);
    return latest?.isMarker === true ? undefined : latest;
  }

  put(key: string, id: Version, text: string): void {
    this.#add(key, { id, isNull: this.versioning !== 'enabled', isMarker: false, text });
  }

  /** Without a version. */
  delete(key: string, id: Version | undefined): void {
    if (this.versioning === 'off' || id === undefined) this.keys.delete(key);
    else this.#add(key, { id, isNull: this.versioning === 'suspended', isMarker: true, text: '' });
  }

  deleteVersion(key: string, wanted: Version | 'null'): void {
    this.#set(
      key,
      this.versions(key).filter(({ id, isNull }) => (wanted === 'null' ? !isNull : id.sequence !== wanted.sequence)),
    );
  }

  /** Keys in byte order. */
  sortedKeys(): string[] {
    return [...this.keys.keys()].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }

  #add(key: string, version: ModelVersion): void {
    const others = this.versions(key).filter(({ isNull }) => !(version.isNull && isNull));
    this.#set(key, [version, ...others]);
  }

  #set(key: string, versions: ModelVersion[]): void {
    if (versions.length === 0) this.keys.delete(key);
    else this.keys.set(key, versions);
  }
}

/** What a listing has to show: keys, or prefixes up to the delimiter, behind `after`. */
export function collapsed(
  keys: readonly string[],
  {
    prefix,
    delimiter,
    after,
  }: { readonly prefix: string; readonly delimiter: string; readonly after?: string | undefined },
): { readonly kind: 'key' | 'prefix'; readonly key: string }[] {
  const shown: { kind: 'key' | 'prefix'; key: string }[] = [];
  const commonOf = (key: string): string | undefined => {
    const at = delimiter === '' || !key.startsWith(prefix) ? -1 : key.indexOf(delimiter, prefix.length);
    return at < 0 ? undefined : key.slice(0, at + delimiter.length);
  };
  const passed = after === undefined ? undefined : (commonOf(after) ?? after);
  for (const key of keys) {
    if (!key.startsWith(prefix)) continue;
    const common = commonOf(key);
    const place = common ?? key;
    if (passed !== undefined && Buffer.compare(Buffer.from(place), Buffer.from(passed)) <= 0) continue;
    if (common !== undefined && shown.at(-1)?.key === common) continue;
    shown.push({ kind: common === undefined ? 'key' : 'prefix', key: place });
  }
  return shown;
}
