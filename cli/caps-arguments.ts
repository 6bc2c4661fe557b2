import { CairnError } from '../base/errors.js';
import type { Caps } from '../protocol/commands/auth.js';

/** `mon 'allow r' osd 'allow rw pool=data'` arrives as a list of words. Throws `INVALID_ARGUMENT`. */
export function capsOf(words: readonly string[]): Caps {
  const last = words.at(-1);
  if (last !== undefined && words.length % 2 === 1) {
    throw new CairnError(
      'INVALID_ARGUMENT',
      `"${last}" stands without its capability; write pairs, such as mon 'allow r' osd 'allow rw pool=data'`,
    );
  }
  return Array.from({ length: words.length / 2 }, (_, i) => [words[2 * i] ?? '', words[2 * i + 1] ?? ''] as const);
}
