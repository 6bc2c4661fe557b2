/** Run where files may not grow beyond 1 MiB: prints what happens to a file and a store that try. */
import { toCairnError } from '../../../../base/errors.js';
import { createNodeRuntime } from '../../../../runtime/node/runtime.js';
import { patternBytes } from '../../contract/harness.js';

const [directory = ''] = process.argv.slice(2);
const { disk, kv } = createNodeRuntime({ daemon: 'test' });

function say(what: string, value: unknown): void {
  process.stdout.write(`${what}: ${String(value)}\n`);
}

async function outcome(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'fine',
    (error: unknown) => toCairnError(error).code,
  );
}

for (const durableWrites of [false, true]) {
  const file = await disk.open(`${directory}/file ${durableWrites}`, { mode: 'create', durableWrites });
  const large = patternBytes(1_500_000);
  say('write', await outcome(file.write(large, 0)));
  say('size', await file.size());
  say('writev', await outcome(file.writev([large.subarray(0, 900_000), large.subarray(900_000)], 0)));
  say('preallocate', await outcome(file.preallocate(2_000_000)));
  say('small write', await outcome(file.write(large.subarray(0, 100), 0)));
  say('datasync', await outcome(file.datasync()));
  await file.close();
}

// The log of the store grows until it may not.
const store = await kv.open(`${directory}/store`);
let code = 'fine';
for (let index = 0; index < 30 && code === 'fine'; index += 1) {
  const value = patternBytes(100_000, index);
  code = await outcome(store.batch([{ type: 'put', key: `key ${index}`, value }], { sync: true }));
}
say('batch', code);
const small = [{ type: 'put', key: 'small', value: patternBytes(1) }] as const;
say('next batch', await outcome(store.batch(small, { sync: false })));
say('read', await outcome(store.get('key 0')));
say('small', await store.get('small'));
say('close', await outcome(store.close()));
