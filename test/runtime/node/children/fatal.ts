/** Logs a lot, then meets what it cannot survive: `direct` calls `fatal`, `uncaught` and `unhandled` only let it happen. */
import { CairnError } from '../../../../base/errors.js';
import { createNodeRuntime, stopOnUncaught } from '../../../../runtime/node/runtime.js';

const runtime = createNodeRuntime({ daemon: 'osd.9' });
stopOnUncaught(runtime);
const log = runtime.log.child({ pg: '1.7' });
for (let index = 0; index < 2000; index += 1) log.info({ index }, 'one of many records');
const disk = Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
const error = new CairnError('IO_ERROR', 'cannot sync the log', { cause: disk, details: { errno: 'EIO' } });
const way = process.argv[2];
if (way === 'direct') {
  runtime.fatal(error);
} else if (way === 'uncaught') {
  setImmediate(() => {
    throw error;
  });
} else {
  void Promise.reject(error);
}
setTimeout(() => process.stdout.write('still here\n'), 5000);
