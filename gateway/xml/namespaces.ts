/** Prefixes and what they stand for (Namespaces in XML 1.0). Undeclared prefixes are refused. */
import type { XmlAttribute } from './element.js';
import { malformed } from './malformed.js';
import { isLocalName } from './names.js';

const xmlNamespace = 'http://www.w3.org/XML/1998/namespace';
const xmlnsNamespace = 'http://www.w3.org/2000/xmlns/';
/** Of `xsi:type`, which says what a grantee of an ACL is. */
export const xsiNamespace = 'http://www.w3.org/2001/XMLSchema-instance';

/** The declarations in force at one element. Immutable. */
export class NamespaceScope {
  readonly #byDefault: string;
  readonly #prefixes: ReadonlyMap<string, string>;

  /** `byDefault` is the namespace of elements without a prefix, '' for none. */
  constructor(byDefault: string, prefixes: ReadonlyMap<string, string>) {
    this.#byDefault = byDefault;
    this.#prefixes = prefixes;
  }

  /** The scope within an element with these attributes, and its attributes without declarations. */
  enter(pairs: readonly (readonly [string, string])[]): {
    readonly scope: NamespaceScope;
    readonly attributes: readonly XmlAttribute[];
  } {
    const scope = this.#declare(pairs);
    const attributes: XmlAttribute[] = [];
    for (const [qualified, value] of pairs) {
      if (qualified === 'xmlns' || qualified.startsWith('xmlns:')) continue;
      const namespace = scope.#attributeNamespace(qualified);
      const name = localNameOf(qualified);
      if (attributes.some((other) => other.name === name && other.namespace === namespace)) {
        throw malformed('an element has one attribute twice');
      }
      attributes.push({ namespace, name, value });
    }
    return { scope, attributes };
  }

  /** Of an element by its name with prefix. */
  elementNamespace(qualified: string): string {
    const colon = qualified.indexOf(':');
    return colon < 0 ? this.#byDefault : this.#namespaceOf(qualified.slice(0, colon));
  }

  /** An attribute without a prefix is in none, whatever the default. */
  #attributeNamespace(qualified: string): string {
    const colon = qualified.indexOf(':');
    return colon < 0 ? '' : this.#namespaceOf(qualified.slice(0, colon));
  }

  #namespaceOf(prefix: string): string {
    const namespace = this.#prefixes.get(prefix);
    if (namespace === undefined) throw malformed('a prefix of a name is not declared');
    return namespace;
  }

  #declare(pairs: readonly (readonly [string, string])[]): NamespaceScope {
    let byDefault: string | undefined;
    let prefixes: Map<string, string> | undefined;
    const declared = new Set<string>();
    for (const [qualified, uri] of pairs) {
      const isDefault = qualified === 'xmlns';
      if (!isDefault && !qualified.startsWith('xmlns:')) continue;
      const prefix = isDefault ? '' : localNameOf(qualified);
      if (declared.has(prefix)) throw malformed('an element declares one prefix twice');
      declared.add(prefix);
      checkDeclaration(prefix, uri);
      if (isDefault) byDefault = uri;
      else (prefixes ??= new Map(this.#prefixes)).set(prefix, uri);
    }
    if (byDefault === undefined && prefixes === undefined) return this;
    return new NamespaceScope(byDefault ?? this.#byDefault, prefixes ?? this.#prefixes);
  }
}

/** Around the root. */
export const outermostScope = new NamespaceScope('', new Map([['xml', xmlNamespace]]));

/** '' is the prefix of the default namespace, which alone may be none. */
function checkDeclaration(prefix: string, uri: string): void {
  const isXml = prefix === 'xml';
  if (isXml !== (uri === xmlNamespace) || prefix === 'xmlns' || uri === xmlnsNamespace) {
    throw malformed('a reserved prefix or namespace is declared');
  }
  // Parsers differ in whether they trim it, so two of them would read two documents.
  if (uri !== uri.trim()) throw malformed('there is white space around the name of a namespace');
  if (prefix !== '' && uri === '') throw malformed('a prefix is declared to stand for nothing');
}

/** A name without its prefix. */
export function localNameOf(qualified: string): string {
  const colon = qualified.indexOf(':');
  if (colon < 0) return qualified;
  const name = qualified.slice(colon + 1);
  if (!isLocalName(name)) throw malformed('a name has a colon too many');
  return name;
}
