import type { XmlWriter } from './writer.js';
import { textElement } from './writer.js';

export interface Owner {
  readonly id: string;
  readonly displayName?: string | undefined;
}

/** `<Owner>`, or `<Initiator>`; nothing for `undefined`. */
export function writeOwner(out: XmlWriter, name: 'Owner' | 'Initiator', owner: Owner | undefined): void {
  out.verbatim(ownerElement(name, owner));
}

/** For `XmlWriter.verbatim`; '' for `undefined`. */
export function ownerElement(name: 'Owner' | 'Initiator', owner: Owner | undefined): string {
  if (owner === undefined) return '';
  return `<${name}>${textElement('ID', owner.id)}${textElement('DisplayName', owner.displayName)}</${name}>`;
}
