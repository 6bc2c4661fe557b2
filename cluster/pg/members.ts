/** Lists of members, as records hold them. */
import type { Member } from '../pg-record.js';

export function isSameMember(a: Member, b: Member): boolean {
  return a.osd === b.osd && a.store === b.store;
}

export function hasMember(members: readonly Member[], member: Member): boolean {
  return members.some((other) => isSameMember(other, member));
}

/** Those of `members` that are not in `others`, in their order. */
export function withoutMembers(members: readonly Member[], others: readonly Member[]): Member[] {
  return members.filter((member) => !hasMember(others, member));
}

/** In the order of a set, which `PgRecord.eligible` is: by OSD, then store. */
export function sortedMembers(members: readonly Member[]): Member[] {
  return [...members].sort(compareMembers);
}

/** Below 0 when `a` sorts first. */
export function compareMembers(a: Member, b: Member): number {
  return a.osd - b.osd || a.store - b.store;
}

/** The same members in the same order. */
export function equalMembers(a: readonly Member[], b: readonly Member[]): boolean {
  return a.length === b.length && a.every((member, index) => isSameMember(member, b[index] ?? member));
}

/** `osd.3/17`: the OSD, and the number of its store. */
export function printMember({ osd, store }: Member): string {
  return `osd.${osd}/${store}`;
}
