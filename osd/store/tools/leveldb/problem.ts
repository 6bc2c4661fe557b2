/** What is wrong with a file of LevelDB. */
export interface IndexFileProblem {
  readonly file: string;
  readonly message: string;
  /** The end of a log may be torn by a crash, and LevelDB drops what is: rot looks the same there. */
  readonly isTail: boolean;
}
