/** The `Runtime` of production: the machine itself. */
import type { Runtime } from '../runtime.js';
import { NodeClock } from './clock.js';
import { NodeDisk } from './disk.js';
import { NodeHttpServers } from './http-server.js';
import { NodeKvStore } from './kv.js';
import { createNodeLog, type LogDestination, type LogLevel } from './log.js';
import { NodeMemory } from './memory.js';
import { NodeNetwork } from './network.js';
import { NodeRandom } from './random.js';

/** EX_SOFTWARE of sysexits.h: tells a supervisor (and people) a stop by `fatal` from one by a signal or by an argument. */
export const fatalExitCode = 70;

export interface NodeRuntimeOptions {
  /** In each log record: `osd.3`, `mon.a`. */
  readonly daemon: string;
  /** Default `info`. */
  readonly logLevel?: LogLevel | undefined;
  /** Default stderr. */
  readonly logDestination?: LogDestination | undefined;
  /** Instead of ending the process with exit code 70. The error is logged already. */
  readonly onFatal?: ((error: unknown) => void) | undefined;
}

export function createNodeRuntime(options: NodeRuntimeOptions): Runtime {
  const { daemon, logLevel, logDestination, onFatal = exit } = options;
  const clock = new NodeClock();
  const disk = new NodeDisk();
  const log = createNodeLog({ level: logLevel, destination: logDestination, fields: { daemon } });
  return {
    clock,
    random: new NodeRandom(),
    network: new NodeNetwork(clock, log),
    http: new NodeHttpServers(clock, log),
    disk,
    kv: new NodeKvStore(disk),
    memory: new NodeMemory(),
    log,
    rare: () => false,
    fatal(error) {
      log.fatal({ err: error }, 'this daemon stops: it cannot go on safely');
      onFatal(error);
    },
  };
}

/**
 * Makes the failures that nothing caught (an exception in a callback, a rejection nobody awaits) stop the daemon through
 * `fatal`, so that they reach the log as a record. Called once by a process.
 */
export function stopOnUncaught(runtime: Pick<Runtime, 'fatal'>): void {
  process.on('uncaughtException', (error) => {
    runtime.fatal(error);
  });
}

function exit(): void {
  process.exit(fatalExitCode);
}
