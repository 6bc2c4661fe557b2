/** Logs for some turns, and ends. */
import { createNodeRuntime, stopOnUncaught } from '../../../../runtime/node/runtime.js';

const runtime = createNodeRuntime({ daemon: 'osd.9' });
stopOnUncaught(runtime);
for (let index = 0; index < 20; index += 1) {
  runtime.log.info({ index }, 'one of many records');
  await runtime.clock.sleep(1);
}
