/** Writes records for ever, and says on stdout which of them are durable. */
import { createNodeRuntime } from '../../../../runtime/node/runtime.js';
import { recordBytes, recordOf } from './record.js';

const [directory = ''] = process.argv.slice(2);
const { disk, kv } = createNodeRuntime({ daemon: 'test' });
const file = await disk.open(`${directory}/log`, { mode: 'create-new', durableWrites: true });
const store = await kv.open(`${directory}/store`);
for (let index = 0; ; index += 1) {
  const record = recordOf(index);
  await Promise.all([
    file.write(record, index * recordBytes).then(() => process.stdout.write(`file ${index}\n`)),
    store
      .batch([{ type: 'put', key: `record ${index}`, value: record }], { sync: true })
      .then(() => process.stdout.write(`store ${index}\n`)),
  ]);
}
