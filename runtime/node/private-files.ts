/** From here on, files and directories that this process makes are its user's alone: they hold keys and data. */
export function keepFilesPrivate(): void {
  process.umask(0o077);
}
