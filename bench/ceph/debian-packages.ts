/** The programs of Ceph that a cluster takes, and where Debian has them. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Program to package. */
const packages: Readonly<Record<string, string>> = {
  'ceph-mon': 'ceph-mon',
  'ceph-mgr': 'ceph-mgr',
  'ceph-osd': 'ceph-osd',
  ceph: 'ceph-common',
  rados: 'ceph-common',
};

/** Debian packages that are not installed, each once. */
export function missingPackages(isInstalled: (program: string) => boolean = isOnPath): string[] {
  const missing = Object.entries(packages).flatMap(([program, name]) => (isInstalled(program) ? [] : [name]));
  return [...new Set(missing)];
}

/** What is wrong and what to do, in a line. */
export function missingText(missing: readonly string[]): string {
  return `Ceph is not installed; as root: apt-get install --no-install-recommends ${missing.join(' ')}`;
}

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
