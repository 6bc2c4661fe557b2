/**
 * Commands to the monitors: what `cairn` and daemons ask for, by name, with arguments and results that both ends know.
 * One definition serves the command line, the session that carries it, and the monitor that runs it.
 */
import type * as z from 'zod/mini';
import type { CapArea } from '../cluster/caps.js';
import { parseWith } from './schema.js';

declare const types: unique symbol;

/**
 * - `query` reads the state of a monitor and changes nothing;
 * - `change` is decided by the leader and takes effect once, however often it is sent (request ids);
 * - `control` acts on the leader itself (hand over the lead) and may be repeated.
 */
export type CommandKind = 'query' | 'change' | 'control';

export interface Command<Args, Result> {
  /** `osd.down`: the words of the command line, joined. */
  readonly name: string;
  readonly kind: CommandKind;
  /** What the sender's `mon` capability must allow: read, write, or execute (keys and capabilities). */
  readonly access: 'r' | 'w' | 'x';
  /** What it is about: profiles of daemons allow changes of some areas only. */
  readonly area: CapArea;
  /** Throws `INVALID_ARGUMENT`; unknown keys are refused. */
  parse(args: unknown): Args;
  readonly [types]?: { readonly result: Result };
}

interface Definition<Args> {
  readonly access: 'r' | 'w' | 'x';
  /** Default `cluster`: for administrators. */
  readonly area?: CapArea;
  readonly args: z.ZodMiniType<Args>;
}

export function defineQuery<Result>() {
  return <Args>(name: string, definition: Definition<Args>): Command<Args, Result> => define(name, 'query', definition);
}

export function defineChange<Result>() {
  return <Args>(name: string, definition: Definition<Args>): Command<Args, Result> =>
    define(name, 'change', definition);
}

export function defineControl<Result>() {
  return <Args>(name: string, definition: Definition<Args>): Command<Args, Result> =>
    define(name, 'control', definition);
}

function define<Args, Result>(
  name: string,
  kind: CommandKind,
  { access, area = 'cluster', args }: Definition<Args>,
): Command<Args, Result> {
  return { name, kind, access, area, parse: (value) => parseWith(args, value, name) };
}
