/** What a command may touch, so that tests run the whole command line in their own process. */
export interface CliContext {
  /** Writes to stdout: results only. */
  print(text: string): void;
  /** Writes to stderr: progress, warnings, errors. */
  note(text: string): void;
  /** `-` is stdin. Errors: `NOT_FOUND`, `PERMISSION_DENIED`, `INVALID_ARGUMENT` when larger than `bytesMax`. */
  readFile(path: string, bytesMax: number): Promise<Uint8Array>;
  /** Replaces the file as a whole or not at all. `-` is stdout. */
  writeFile(path: string, bytes: Uint8Array): Promise<void>;
  readonly env: Readonly<Record<string, string | undefined>>;
}
