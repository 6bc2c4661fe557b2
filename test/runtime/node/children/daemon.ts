/** A daemon in small: a pid file, a word on stdout and one on stderr, then it waits for a signal. */
import { createNodeRuntime } from '../../../../runtime/node/runtime.js';
import { writePidFile } from '../../../../runtime/node/pid-file.js';
import { untilSignal } from '../../../../runtime/node/until-signal.js';

const [directory = '', mode] = process.argv.slice(2);
const { clock, disk } = createNodeRuntime({ daemon: 'test' });
// Keeps the process alive: a signal handler alone does not.
const alive = clock.after(60_000, () => undefined);
const stopped = untilSignal({ sameMs: 0 });
await writePidFile(disk, directory, 'daemon.pid');
process.stdout.write(`ready ${process.env['CAIRN_TEST'] ?? ''} ${Object.keys(process.env).length}\n`);
process.stderr.write('a log line\n');
const signal = await stopped;
process.stdout.write(`stopping on ${signal}\n`);
if (mode === 'graceful') {
  alive.cancel();
  process.exitCode = 3;
}
