/** Storage classes: each is a data pool (DESIGN.md section 7), so a cluster has those that it was given pools for. */
import type { HeaderMap } from '../http/request.js';
import { S3Error } from '../s3-error.js';

export const defaultStorageClass = 'STANDARD';

/** What a class can be called: AWS's names, which clients know, or others of the same form. */
export function isStorageClassName(name: string): boolean {
  return /^[A-Z][A-Z\d_]{0,63}$/.test(name);
}

/** Of `x-amz-storage-class`; `available`: the classes that the cluster has. Throws `InvalidStorageClass`. */
export function requestedStorageClass(headers: HeaderMap, available: ReadonlySet<string>): string {
  return checkedStorageClass(headers.get('x-amz-storage-class')?.trim() ?? defaultStorageClass, available);
}

/** Of a form or a document. Throws `InvalidStorageClass`. */
export function checkedStorageClass(name: string, available: ReadonlySet<string>): string {
  if (available.has(name)) return name;
  throw new S3Error('InvalidStorageClass', { fields: { StorageClassRequested: name } });
}

/** The header of an answer: S3 says nothing for the default. */
export function storageClassHeader(name: string): [string, string][] {
  return name === defaultStorageClass ? [] : [['x-amz-storage-class', name]];
}
