import { timingSafeEqual } from 'node:crypto';

/** Takes as long wherever they differ, so that nobody guesses a signature or a token one character after the other. */
export function equalSecrets(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}
