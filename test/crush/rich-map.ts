/** A map with one of everything, and what crushtool makes of it: see text/README.md. */
import { readFileSync } from 'node:fs';

function file(name: string): string {
  return readFileSync(new URL(`../../../test/crush/text/${name}`, import.meta.url), 'utf8');
}

export const richText = file('rich.txt');
export const richDecompiled = file('rich.decompiled.txt');
export const richTree = file('rich.tree.txt');
export const richTest = file('rich.test.txt');
export const richBinary = new Uint8Array(Buffer.from(file('rich.base64'), 'base64'));
