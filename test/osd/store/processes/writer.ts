/**
 * A process that writes numbered transactions into a store for ever, several at a time, and says on stdout which of them
 * are durable, and when a checkpoint begins and ends:
 *
 *     opened 17 | acknowledged 18 | checkpoint | checkpointed
 */
import { writeSync } from 'node:fs';
import { openStore } from '../../../../osd/store/open-store.js';
import { createNodeRuntime } from '../../../../runtime/node/runtime.js';
import { countIn, transactionOf } from './numbered.js';

const inFlightMax = 16;
/** Of transactions between two checkpoints. */
const checkpointEvery = 50;

/** At once: what was said is in the pipe, whatever happens to this process. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}

const [directory = ''] = process.argv.slice(2);
const runtime = createNodeRuntime({ daemon: 'writer', logLevel: 'error' });
const store = await openStore(runtime, directory, { layerMsMax: 50, layerBytesMax: 60_000, pendingBytesMax: 300_000 });
let number = await countIn(store);
say(`opened ${number}`);
const inFlight: Promise<void>[] = [];
for (;;) {
  number += 1;
  const own = number;
  inFlight.push(store.apply(transactionOf(own)).then(() => say(`acknowledged ${own}`)));
  if (inFlight.length >= inFlightMax) await inFlight.shift();
  if (number % checkpointEvery === 0) {
    say('checkpoint');
    await store.checkpoint();
    say('checkpointed');
  }
}
