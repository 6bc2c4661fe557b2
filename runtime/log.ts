export type LogFields = Readonly<Record<string, unknown>>;

/**
 * A constant sentence plus fields: `log.warn({ osd, lagMs }, 'replica left the acting set')`. `error` needs a human,
 * `warn` soon may, `info` is a rare state change, `debug` is per request. Keys and object bytes stay out.
 */
export interface Logger {
  debug(fields: LogFields, sentence: string): void;
  info(fields: LogFields, sentence: string): void;
  warn(fields: LogFields, sentence: string): void;
  error(fields: LogFields, sentence: string): void;
  /** A logger that adds `fields` to every record. */
  child(fields: LogFields): Logger;
}
