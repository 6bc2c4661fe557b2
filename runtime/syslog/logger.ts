import type { Clock } from '../clock.js';
import type { LogFields, Logger } from '../log.js';
import type { Severity } from './message.js';
import type { SyslogShipper } from './shipper.js';

/** Writes each record to the daemon's own log and, from `info` on, to a syslog server too. */
export class SyslogLogger implements Logger {
  readonly #local: Logger;
  readonly #clock: Pick<Clock, 'wall'>;
  readonly #shipper: Pick<SyslogShipper, 'ship'>;
  readonly #bound: LogFields;

  constructor(local: Logger, clock: Pick<Clock, 'wall'>, shipper: Pick<SyslogShipper, 'ship'>, bound: LogFields = {}) {
    this.#local = local;
    this.#clock = clock;
    this.#shipper = shipper;
    this.#bound = bound;
  }

  debug(fields: LogFields, sentence: string): void {
    this.#local.debug(fields, sentence);
  }

  info(fields: LogFields, sentence: string): void {
    this.#local.info(fields, sentence);
    this.#ship('info', fields, sentence);
  }

  warn(fields: LogFields, sentence: string): void {
    this.#local.warn(fields, sentence);
    this.#ship('warn', fields, sentence);
  }

  error(fields: LogFields, sentence: string): void {
    this.#local.error(fields, sentence);
    this.#ship('error', fields, sentence);
  }

  child(fields: LogFields): Logger {
    return new SyslogLogger(this.#local.child(fields), this.#clock, this.#shipper, { ...this.#bound, ...fields });
  }

  /** The sentence, then the fields as JSON: people read the one, programs the other. */
  #ship(severity: Severity, fields: LogFields, sentence: string): void {
    this.#shipper.ship({
      severity,
      wall: this.#clock.wall(),
      text: `${sentence}${fieldsText({ ...this.#bound, ...fields })}`,
    });
  }
}

function fieldsText(fields: LogFields): string {
  if (Object.keys(fields).length === 0) return '';
  try {
    return ` ${JSON.stringify(fields, plain)}`;
  } catch {
    // A loop of references: the record in the local log has what can be shown.
    return ' {"fields":"not shown"}';
  }
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (!(value instanceof Error)) return value;
  return { type: value.name, message: value.message, ...('code' in value ? { code: value.code } : {}) };
}
