/** Log records as lines of JSON on stderr, by pino. */
import { pino } from 'pino';
import { CairnError } from '../../base/errors.js';
import { InvariantError } from '../../base/invariant.js';
import type { LogFields, Logger } from '../log.js';
import { StderrSink } from './stderr-sink.js';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Where lines go instead of stderr. */
export interface LogDestination {
  write(line: string): void;
}

export interface LogOptions {
  /** Default `info`. */
  readonly level?: LogLevel | undefined;
  readonly destination?: LogDestination | undefined;
  /** Added to each record. */
  readonly fields: LogFields;
}

/** A cause of a cause ... of an error; more is a loop or no help. */
const causesMax = 8;

export class NodeLog implements Logger {
  readonly #pino: pino.Logger;
  readonly #flush: () => void;

  constructor(sink: pino.Logger, flush: () => void) {
    this.#pino = sink;
    this.#flush = flush;
  }

  debug(fields: LogFields, sentence: string): void {
    this.#pino.debug(fields, sentence);
  }

  info(fields: LogFields, sentence: string): void {
    this.#pino.info(fields, sentence);
  }

  warn(fields: LogFields, sentence: string): void {
    this.#pino.warn(fields, sentence);
  }

  error(fields: LogFields, sentence: string): void {
    this.#pino.error(fields, sentence);
  }

  child(fields: LogFields): Logger {
    return new NodeLog(this.#pino.child(fields), this.#flush);
  }

  /** The last words of a process: returns when they, and all before them, are written, or cannot be. */
  fatal(fields: LogFields, sentence: string): void {
    this.#pino.fatal(fields, sentence);
    this.#flush();
  }
}

export function createNodeLog(options: LogOptions): NodeLog {
  const settings: pino.LoggerOptions = {
    level: options.level ?? 'info',
    base: { pid: process.pid, ...options.fields },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: describeError },
  };
  if (options.destination !== undefined) return new NodeLog(pino(settings, options.destination), () => undefined);
  const stderr = new StderrSink(2);
  return new NodeLog(pino(settings, stderr), () => {
    stderr.flush();
  });
}

/** Everything that explains an error, through its chain of causes. */
export function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, stack, cause } = error;
  return {
    type: name,
    message,
    ...codeOf(error),
    ...(error instanceof CairnError ? { applied: error.applied } : {}),
    ...(error instanceof CairnError || error instanceof InvariantError ? { details: error.details } : {}),
    stack,
    ...(cause === undefined || depth >= causesMax ? {} : { cause: describeError(cause, depth + 1) }),
  };
}

function codeOf(error: Error): { readonly code?: unknown } {
  return 'code' in error ? { code: error.code } : {};
}
