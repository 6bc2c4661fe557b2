/** An XML document as a tree. */

export interface XmlAttribute {
  /** '' for an attribute without a prefix. */
  readonly namespace: string;
  /** Without its prefix. */
  readonly name: string;
  readonly value: string;
}

export interface XmlElement {
  /** Without its prefix. */
  readonly name: string;
  /** '' for none. */
  readonly namespace: string;
  /** Declarations of namespaces are not among them. */
  readonly attributes: readonly XmlAttribute[];
  /** In the order of the document. An element with children has no text but white space. */
  readonly children: readonly XmlElement[];
  /** References resolved, CDATA included; '' where there are children. */
  readonly text: string;
}
