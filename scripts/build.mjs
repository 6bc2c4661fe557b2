// Compiles the sources to dist/, and removes what the compiler left there for sources that no longer exist: a stale
// test in dist/ would otherwise run for ever.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

function prune(folder) {
  for (const entry of readdirSync(`${root}dist/${folder}`, { withFileTypes: true })) {
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory()) {
      prune(`${path}/`);
    } else if (/\.js(\.map)?$/.test(path) && !existsSync(root + path.replace(/\.js(\.map)?$/, '.ts'))) {
      rmSync(`${root}dist/${path}`);
    }
  }
}

const result = spawnSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', root], {
  stdio: 'inherit',
});
if (result.status !== 0) process.exit(result.status ?? 1);
prune('');
