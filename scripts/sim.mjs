// `npm run sim`: with the words of a run over seeds (`--seeds 1000`, `--seed 17 --faults network`), whole clusters under
// faults; with others, or none, the tests that simulate, by mocha (`SEED=17` replays one in each of them).
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const given = process.argv.slice(2);
const ofCluster = new Set(['--seeds', '--seed', '--first', '--hours', '--faults', '--jobs', '--failures']);
const isCluster = given.some((word) => ofCluster.has(word.split('=')[0]));

const mocha = [`${dist}../node_modules/mocha/bin/mocha.js`, '--timeout', '0'];
const tests = [`${dist}test/**/sim/**/*.test.js`, `${dist}test/**/sim.test.js`];
const command = isCluster
  ? ['--enable-source-maps', `${dist}test/sim/cluster/sim-cluster.js`, ...given]
  : [...mocha, ...tests, ...given];
const { status } = spawnSync(process.execPath, command, { stdio: 'inherit' });
process.exitCode = status ?? 1;
