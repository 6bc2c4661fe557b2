import { posix } from 'node:path';

/** What `path`, written in `file`, means to this process: a relative one is meant from the file's directory. */
export function pathBeside(file: string, path: string): string {
  return posix.isAbsolute(path) ? path : posix.join(posix.dirname(file), path);
}

/** How `path` is written in `file`, so that both may be moved together: relative when it stands below the file's directory. */
export function writtenBeside(file: string, path: string): string {
  const relative = posix.relative(posix.dirname(file), path);
  return relative === '..' || relative.startsWith('../') ? path : relative;
}
