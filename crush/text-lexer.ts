/**
 * Words of a text map. A word is a run of letters, digits and `-_.+~`; braces and brackets stand for themselves; `#`
 * starts a comment. Names, keywords and numbers look alike here: only the grammar knows which one it expects.
 */
import { CairnError } from '../base/errors.js';

export interface Token {
  /** A word, one of `{}[]`, or empty at the end of the text. */
  readonly text: string;
  /** Both 1-based; a tab is one column. */
  readonly line: number;
  readonly column: number;
}

/** Thrown, never returned; declared to return so that `throw parseError(...)` reads as what it is. */
export function parseError(at: Token, message: string): CairnError {
  return new CairnError('PARSE_ERROR', `line ${at.line}, column ${at.column}: ${message}`, {
    details: { line: at.line, column: at.column },
  });
}

/** How a token is quoted in messages: never longer than a line can bear. */
export function showToken(token: Token): string {
  if (token.text === '') return 'the end of the text';
  return token.text.length <= 40 ? `"${token.text}"` : `"${token.text.slice(0, 40)}..."`;
}

/** All tokens in order, an empty one last. Time and memory are linear in the text. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  let lineStart = 0;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === newline) {
      at += 1;
      line += 1;
      lineStart = at;
    } else if (isSpace(code)) {
      at += 1;
    } else if (code === hash) {
      const end = text.indexOf('\n', at);
      at = end === -1 ? text.length : end;
    } else {
      const end = isWord(code) ? wordEnd(text, at) : at + 1;
      const token = { text: text.slice(at, end), line, column: at - lineStart + 1 };
      if (!isWord(code) && !isBracket(code)) throw unexpectedCharacter(token);
      tokens.push(token);
      at = end;
    }
  }
  tokens.push({ text: '', line, column: at - lineStart + 1 });
  return tokens;
}

const newline = 0x0a;
const hash = 0x23;

const wordCodes = new Set(
  Array.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+~', (letter) => letter.charCodeAt(0)),
);

function isWord(code: number): boolean {
  return wordCodes.has(code);
}

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

function isBracket(code: number): boolean {
  return code === 0x7b || code === 0x7d || code === 0x5b || code === 0x5d;
}

function wordEnd(text: string, from: number): number {
  let end = from + 1;
  while (end < text.length && isWord(text.charCodeAt(end))) end += 1;
  return end;
}

function unexpectedCharacter(token: Token): CairnError {
  const code = token.text.charCodeAt(0).toString(16).padStart(4, '0');
  const shown = /^[\x21-\x7e]$/.test(token.text) ? `"${token.text}"` : `U+${code}`;
  return parseError(token, `unexpected character ${shown}; names use letters, digits, "-", "_" and ".", comments "#"`);
}
