/** Whom a monitor hears while there is no quorum: it says so in answers and errors, as nobody else can. */

/** Names without `mon.`, in order; the map's monitors other than `by` are all in one of the two. */
export interface Hearing {
  /** Whose ears these are. */
  readonly by: string;
  readonly heard: readonly string[];
  readonly silent: readonly string[];
}

/** `mon.a hears mon.b, but not mon.c`. */
export function hearingText({ by, heard, silent }: Hearing): string {
  if (silent.length === 0) return heard.length === 0 ? `mon.${by} knows no other` : `mon.${by} hears ${named(heard)}`;
  return heard.length === 0
    ? `mon.${by} does not hear ${named(silent)}`
    : `mon.${by} hears ${named(heard)}, but not ${named(silent)}`;
}

function named(names: readonly string[]): string {
  return names.map((name) => `mon.${name}`).join(', ');
}
