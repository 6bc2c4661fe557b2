/** Checks what arrives from outside against a schema, once, and gives it its precise type. */
import * as z from 'zod/mini';
import { CairnError } from '../base/errors.js';

z.config(z.locales.en());

/** `INVALID_ARGUMENT` with the first thing that is wrong: `osd.down: ids[0]: Too small: expected number to be >=0`. */
export function parseWith<T>(schema: z.ZodMiniType<T>, value: unknown, what: string): T {
  const parsed = z.safeParse(schema, value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = (issue?.path ?? []).map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  const where = path === '' ? what : `${what}: ${path.replace(/^\./, '')}`;
  throw new CairnError('INVALID_ARGUMENT', `${where}: ${issue?.message ?? 'not as expected'}`);
}
