/**
 * What a contract suite runs on. Each implementation of the runtime passes a function that opens a fresh world for each
 * test; the suites see nothing but these fields, and so cannot tell a machine from a simulation.
 */
import type { Runtime } from '../../../runtime/runtime.js';
import type { HttpAnswer } from '../../../runtime/http-exchange.js';
import { CairnError } from '../../../base/errors.js';

export interface HttpGetOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Harness {
  readonly runtime: Runtime;
  /** An absolute path of a directory that exists and is empty, of this harness alone. */
  readonly directory: string;
  /** The address at which this world's own listeners are reached. */
  readonly host: string;
  /** One HTTP request to a port of this world, on a connection of its own. */
  askHttp(port: number, target: string, options?: HttpGetOptions): Promise<HttpAnswer>;
  /** Opens a UDP port at `host` that hands what arrives to the test; resolves to its number. */
  receiveDatagrams(onDatagram: (bytes: Uint8Array) => void): Promise<number>;
  /**
   * Runs a test's body inside the world and settles as it does. A simulation lets virtual time pass while the body
   * waits; bodies wait only for what the runtime promised them, so a body that hangs has nothing left to wait for.
   */
  run<T>(body: () => Promise<T>): Promise<T>;
  /** Releases everything, whatever the body left open. */
  close(): Promise<void>;
}

export type OpenHarness = () => Promise<Harness>;

/** A test in a world of its own. */
export function claim(title: string, open: OpenHarness, body: (harness: Harness) => Promise<void>): void {
  it(title, async () => {
    const harness = await open();
    try {
      await harness.run(() => body(harness));
    } finally {
      await harness.close();
    }
  });
}

/** How long a condition may take, in the world's time, until it counts as never coming true. */
const patienceMs = 10_000;

/** Waits until `condition` holds, looking again every turn at first and every millisecond later. */
export async function until(runtime: Runtime, what: string, condition: () => boolean): Promise<void> {
  const start = runtime.clock.now();
  for (let turn = 0; !condition(); turn += 1) {
    if (runtime.clock.now() - start > patienceMs) throw new Error(`waited ${patienceMs} ms in vain until ${what}`);
    await (turn < 10 ? runtime.clock.yieldTurn() : runtime.clock.sleep(1));
  }
}

/** For `assert.rejects` and `assert.throws`. */
export function withCode(code: CairnError['code'], mentions = ''): (error: unknown) => boolean {
  return (error) => {
    if (!(error instanceof CairnError) || error.code !== code) throw new Error(`not ${code}`, { cause: error });
    if (!error.message.includes(mentions)) throw new Error(`"${mentions}" is missing`, { cause: error });
    return true;
  };
}

/** Bytes that differ from place to place and from `salt` to `salt`, the same on each run. */
export function patternBytes(count: number, salt = 0): Uint8Array {
  const bytes = new Uint8Array(count);
  let state = (salt * 2_654_435_761 + 12_345) >>> 0;
  for (let index = 0; index < count; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}
