import type { LogFields, Logger } from '../log.js';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LogRecord {
  /** World time in ms. */
  readonly time: number;
  readonly level: LogLevel;
  readonly fields: LogFields;
  readonly sentence: string;
}

/** Collects records; the process decides what becomes of them. */
export class SimLogger implements Logger {
  readonly #write: (level: LogLevel, fields: LogFields, sentence: string) => void;
  readonly #bound: LogFields;

  constructor(write: (level: LogLevel, fields: LogFields, sentence: string) => void, bound: LogFields = {}) {
    this.#write = write;
    this.#bound = bound;
  }

  debug(fields: LogFields, sentence: string): void {
    this.#write('debug', { ...this.#bound, ...fields }, sentence);
  }

  info(fields: LogFields, sentence: string): void {
    this.#write('info', { ...this.#bound, ...fields }, sentence);
  }

  warn(fields: LogFields, sentence: string): void {
    this.#write('warn', { ...this.#bound, ...fields }, sentence);
  }

  error(fields: LogFields, sentence: string): void {
    this.#write('error', { ...this.#bound, ...fields }, sentence);
  }

  child(fields: LogFields): Logger {
    return new SimLogger(this.#write, { ...this.#bound, ...fields });
  }
}
