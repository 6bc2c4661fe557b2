/**
 * Who is right about an object whose copies differ. The log decides on the version; among copies that have it, only those that
 * verify by their checksums count (PG-PROTOCOL.md section 6, pitfall n). Pure.
 *
 *     log: version v ──► sources: whole copies of v ──► none? lost: never is an older version taken for it
 *     log: removed   ──► whoever has the object has too much
 *     log: no word   ──► the newest version that a copy shows, or none, by the majority
 *
 * Copies of one version that verify and differ are never a matter of taste: the majority wins, if somebody asks for it.
 */
import type { ObjectVersion } from '../store/format/object-head.js';
import { compareVersions, isSameVersion, type SettledCopy } from './copy-state.js';

/** What the newest entry of the log about the object says of it; `unknown`: there is none any more. */
export type Expected =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'version'; readonly version: ObjectVersion };

export type FindingKind = 'missing' | 'extra' | 'stale' | 'rotten' | 'differing';

export interface Finding {
  /** Index of the copy. */
  readonly copy: number;
  readonly kind: FindingKind;
}

export type Right =
  | { readonly kind: 'absent' }
  | { readonly kind: 'version'; readonly version: ObjectVersion }
  /** The newest version is known, and nobody can read it. */
  | { readonly kind: 'lost'; readonly version: ObjectVersion | undefined }
  /** Nobody can say who is right. */
  | { readonly kind: 'undecided' };

export interface Verdict {
  readonly right: Right;
  /** Copies that are as they should be: what the others are healed from. */
  readonly sources: readonly number[];
  readonly findings: readonly Finding[];
  /** Checksums alone say who is wrong, and there is a source: it may be healed without being asked for. */
  readonly isCertain: boolean;
}

export function judge(copies: readonly SettledCopy[], expected: Expected): Verdict {
  const right = expected.kind === 'unknown' ? byMajority(copies) : expected;
  switch (right.kind) {
    case 'absent':
      return verdict(copies, { kind: 'absent' }, []);
    case 'version':
      return ofVersion(copies, right.version);
    case 'undecided':
      return { right, sources: [], findings: findingsOf(copies, right, []), isCertain: false };
  }
}

/** Without a word of the log: the newest version there is against its absence. A rotten copy tells that there was one. */
function byMajority(copies: readonly SettledCopy[]): Exclude<Right, { readonly kind: 'lost' }> {
  const versions = copies.flatMap((copy) => (copy.kind === 'absent' || copy.version === null ? [] : [copy.version]));
  const [newest] = versions.sort((a, b) => compareVersions(b, a));
  const absent = copies.filter(({ kind }) => kind === 'absent').length;
  if (newest === undefined) return absent * 2 > copies.length ? { kind: 'absent' } : { kind: 'undecided' };
  const present = versions.filter((version) => isSameVersion(version, newest)).length;
  if (absent === present) return { kind: 'undecided' };
  return absent > present ? { kind: 'absent' } : { kind: 'version', version: newest };
}

function ofVersion(copies: readonly SettledCopy[], version: ObjectVersion): Verdict {
  const candidates = copies.flatMap((copy, i) =>
    copy.kind === 'whole' && isSameVersion(copy.version, version) ? [{ i, content: `${copy.bytes}/${copy.sum}` }] : [],
  );
  if (candidates.length === 0) return lost(copies, version);
  const counts = new Map<string, number>();
  for (const { content } of candidates) counts.set(content, (counts.get(content) ?? 0) + 1);
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  // As many on either side: nobody knows which.
  if (most === undefined || most[1] * 2 <= candidates.length) {
    const right = { kind: 'undecided' } as const;
    return { right, sources: [], findings: findingsOf(copies, { kind: 'version', version }, []), isCertain: false };
  }
  const sources = candidates.filter(({ content }) => content === most[0]).map(({ i }) => i);
  return verdict(copies, { kind: 'version', version }, sources);
}

function lost(copies: readonly SettledCopy[], version: ObjectVersion): Verdict {
  const findings = findingsOf(copies, { kind: 'version', version }, []);
  return { right: { kind: 'lost', version }, sources: [], findings, isCertain: false };
}

function verdict(copies: readonly SettledCopy[], right: Right, sources: readonly number[]): Verdict {
  const findings = findingsOf(copies, right, sources);
  const good = right.kind === 'absent' ? copies.flatMap(({ kind }, i) => (kind === 'absent' ? [i] : [])) : sources;
  const isCertain = right.kind === 'version' && sources.length > 0 && findings.every(({ kind }) => kind === 'rotten');
  return { right, sources: good, findings, isCertain };
}

function findingsOf(copies: readonly SettledCopy[], right: Right, sources: readonly number[]): Finding[] {
  return copies.flatMap((copy, i): Finding[] => {
    const kind = sources.includes(i) ? undefined : findingOf(copy, right);
    return kind === undefined ? [] : [{ copy: i, kind }];
  });
}

function findingOf(copy: SettledCopy, right: Right): FindingKind | undefined {
  if (right.kind === 'absent') return copy.kind === 'absent' ? undefined : 'extra';
  if (copy.kind === 'absent') return 'missing';
  if (copy.kind === 'rotten') return 'rotten';
  return right.kind === 'version' && !isSameVersion(copy.version, right.version) ? 'stale' : 'differing';
}
