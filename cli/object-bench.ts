/** `cairn object bench`: what a pool does with objects of one size, as `rados bench` measures it. */
import { Argument, type Command } from 'commander';
import { utf8Bytes, utf8Text } from '../base/bytes.js';
import { CairnError } from '../base/errors.js';
import { parseBytes } from '../base/parse-bytes.js';
import { forEachBounded } from '../client/bounded.js';
import { opBytesMax } from '../protocol/osd-methods.js';
import type { WaitOptions } from '../runtime/clock.js';
import { bytesText } from './bytes-text.js';
import type { CliContext } from './context.js';
import { type LoadResult, type LoadSecond, runLoad } from './object-bench-load.js';
import { addObjectOptions, type ObjectOptions, type ObjectSession, withPool } from './object-client.js';
import { countOption, decimalOption } from './option-values.js';
import { printJson } from './print-json.js';

const modes = ['write', 'seq', 'rand', 'cleanup'] as const;
type Mode = (typeof modes)[number];

interface Options extends ObjectOptions {
  readonly seconds: number;
  readonly objectSize: string;
  readonly inFlight: number;
  readonly runName: string;
  readonly cleanup: boolean;
}

/** More wait in the client anyway: half of what it has in flight by default. */
const inFlightMax = 256;

export function addObjectBench(object: Command, context: CliContext): void {
  const command = addObjectOptions(object.command('bench'));
  command
    .description('Measure a pool: write objects, read them in order or at random, or remove what a run left.')
    .addArgument(new Argument('<mode>', 'what to do').choices(modes))
    .option('-s, --seconds <n>', 'how long', decimalOption, 10)
    .option('-b, --object-size <size>', 'of each object written, at most 8MiB', '4MiB')
    .option('-t, --in-flight <n>', 'operations at a time', countOption, 16)
    .option('--run-name <name>', 'begins the names of the objects, cairn-bench.NAME.…', 'last')
    .option('--no-cleanup', 'leave what was written, to be read by seq and rand')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  cairn object bench write --pool data --seconds 10 --no-cleanup\n' +
        '  cairn object bench seq --pool data\n' +
        '  cairn object bench rand --pool data --in-flight 32 --json\n' +
        '  cairn object bench cleanup --pool data',
    )
    .action(async (mode: Mode, options: Options) => {
      checkOptions(options);
      await withPool(command, context, options, async (session) => {
        const run = new BenchRun(context, session, options);
        if (mode === 'cleanup') {
          const removed = await run.clean();
          if (options.json === true) printJson(context, { mode, removed });
          else context.note(`removed ${removed} objects\n`);
          return;
        }
        const result = mode === 'write' ? await run.write() : await run.read(mode);
        if (options.json === true) printJson(context, { mode, ...resultJson(result, options, run.objectBytes) });
        else context.print(resultText(mode, result, options, run.objectBytes));
      });
    });
}

function checkOptions({ seconds, objectSize, inFlight }: Options): void {
  const bytes = parseBytes(objectSize);
  if (bytes < 1 || bytes > opBytesMax) {
    throw new CairnError('INVALID_ARGUMENT', `--object-size cannot be ${objectSize}; write 1B to 8MiB`);
  }
  if (!(seconds > 0)) throw new CairnError('INVALID_ARGUMENT', '--seconds cannot be 0; measure for a while');
  if (inFlight < 1 || inFlight > inFlightMax) {
    throw new CairnError('INVALID_ARGUMENT', `--in-flight cannot be ${inFlight}; write 1 to ${inFlightMax}`);
  }
}

/** Which objects there are stands in an attribute of one more, so that a later run finds them. */
const countAttribute = 'count';
const sizeAttribute = 'size';

class BenchRun {
  objectBytes: number;
  readonly #context: CliContext;
  readonly #session: ObjectSession;
  readonly #options: Options;

  constructor(context: CliContext, session: ObjectSession, options: Options) {
    this.#context = context;
    this.#session = session;
    this.#options = options;
    this.objectBytes = parseBytes(options.objectSize);
  }

  /** Ctrl-C ends the load, and nothing under way: what was written is then counted, or removed, as always. */
  #wait(): WaitOptions {
    return { deadline: this.#session.wait().deadline };
  }

  async write(): Promise<LoadResult> {
    const { pool } = this.#session;
    // Left by a run of that name: its objects would be counted to this one, or stay for ever.
    await this.clean();
    const payload = randomBytes(this.#context, this.objectBytes);
    let written = 0;
    await this.#remember(0);
    const operation = async (number: number): Promise<number> => {
      written = Math.max(written, number + 1);
      await pool.writeFull(this.#nameOf(number), payload, this.#wait());
      return payload.byteLength;
    };
    let result: LoadResult;
    try {
      result = await this.#load('writing', operation);
    } finally {
      await this.#remember(written);
    }
    if (this.#options.cleanup) await this.clean();
    return result;
  }

  async read(mode: 'seq' | 'rand'): Promise<LoadResult> {
    const { pool } = this.#session;
    const { count, size } = await this.#recall();
    if (count === 0) {
      const name = this.#options.runName;
      const sentence = `there are no objects of run "${name}" in pool ${pool.name}`;
      throw new CairnError('NOT_FOUND', `${sentence}; write some by \`cairn object bench write --no-cleanup\``);
    }
    this.objectBytes = size;
    const { random } = this.#context.runtime('cli');
    return this.#load('reading', async (number) => {
      if (mode === 'seq' && number >= count) return undefined;
      const name = this.#nameOf(mode === 'seq' ? number : random.below(count));
      return (await pool.read(name, { offset: 0, bytes: size }, this.#wait())).byteLength;
    });
  }

  /** How many went. */
  async clean(): Promise<number> {
    const { pool } = this.#session;
    const { count } = await this.#recall();
    const numbers = Array.from({ length: count }, (_, number) => number);
    await forEachBounded(numbers, { atOnce: this.#options.inFlight }, async (number) => {
      await pool.remove(this.#nameOf(number), this.#wait());
    });
    await pool.remove(this.#nameOf('meta'), this.#wait());
    return count;
  }

  async #load(what: string, operation: (number: number) => Promise<number | undefined>): Promise<LoadResult> {
    const { interrupted: signal } = this.#context;
    const { seconds, inFlight } = this.#options;
    const { clock } = this.#context.runtime('cli');
    const onSecond = (second: LoadSecond): void => this.#show(what, second);
    return runLoad(clock, { seconds, inFlight, operation, signal, onSecond }).finally(() => {
      if (this.#context.isNoteTerminal) this.#context.note('\r\u001b[K');
    });
  }

  #show(what: string, { seconds, operations, bytesPerSecond, meanBytesPerSecond }: LoadSecond): void {
    if (!this.#context.isNoteTerminal) return;
    const rates = `${bytesText(bytesPerSecond)}/s now, ${bytesText(meanBytesPerSecond)}/s on average`;
    this.#context.note(`\r\u001b[K${what}: ${seconds} s, ${operations} objects, ${rates}`);
  }

  #nameOf(number: number | 'meta') {
    const suffix = typeof number === 'number' ? String(number).padStart(10, '0') : number;
    return { name: `cairn-bench.${this.#options.runName}.${suffix}`, namespace: this.#options.namespace };
  }

  async #remember(count: number): Promise<void> {
    const { pool } = this.#session;
    const values = [
      [countAttribute, utf8Bytes(String(count))],
      [sizeAttribute, utf8Bytes(String(this.objectBytes))],
    ] as const;
    await pool.setAttributes(this.#nameOf('meta'), values, this.#wait());
  }

  async #recall(): Promise<{ readonly count: number; readonly size: number }> {
    const { pool } = this.#session;
    const found = await pool.attributes(this.#nameOf('meta'), this.#wait());
    const number = (name: string): number => Number(utf8Text(found.get(name) ?? utf8Bytes('0')));
    return { count: number(countAttribute), size: number(sizeAttribute) };
  }
}

/** No disk makes less of them than there are. */
function randomBytes(context: CliContext, bytes: number): Uint8Array {
  const { random } = context.runtime('cli');
  const payload = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 65_536) payload.set(random.bytes(Math.min(65_536, bytes - at)), at);
  return payload;
}

function resultJson({ seconds, operations, bytes, latencyMs }: LoadResult, options: Options, objectBytes: number) {
  return {
    pool: options.pool,
    object_bytes: objectBytes,
    in_flight: options.inFlight,
    seconds,
    operations,
    bytes,
    operations_per_second: operations / seconds,
    bytes_per_second: bytes / seconds,
    latency_ms: latencyMs,
  };
}

function resultText(mode: Mode, result: LoadResult, { inFlight }: Options, objectBytes: number): string {
  const { seconds, operations, bytes, latencyMs } = result;
  const { mean, p50, p90, p99, max } = latencyMs;
  const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 1)} ms`;
  const rows = [
    ['mode', `${mode}, objects of ${bytesText(objectBytes)}, ${inFlight} at a time, ${seconds.toFixed(1)} s`],
    ['operations', `${operations}, ${(operations / seconds).toFixed(1)} ops/s`],
    ['bandwidth', `${(bytes / seconds / 1024 ** 2).toFixed(1)} MiB/s`],
    ['latency', `mean ${ms(mean)}, p50 ${ms(p50)}, p90 ${ms(p90)}, p99 ${ms(p99)}, max ${ms(max)}`],
  ] as const;
  return rows.map(([title, text]) => `${title.padEnd(12)}${text}\n`).join('');
}
