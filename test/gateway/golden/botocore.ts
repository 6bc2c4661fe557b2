/** What botocore says of S3, and what it sends (README.md). */
import { readFileSync } from 'node:fs';

export interface GoldenRequest {
  readonly method: string;
  /** Path and query, path style. */
  readonly target: string;
  /** Those that may tell one operation from another; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface GoldenOperation {
  readonly method: string;
  /** `/{Bucket}/{Key+}?acl`. */
  readonly requestUri: string;
  /** Names of required parameters. */
  readonly query: readonly string[];
  /** Names of required headers. */
  readonly headers: readonly string[];
  readonly sent: GoldenRequest;
}

export interface Golden {
  readonly operations: Readonly<Record<string, GoldenOperation>>;
  /** By operation, and a word where there is more than one. */
  readonly requests: Readonly<Record<string, GoldenRequest>>;
}

// Compiled to dist/test/gateway/golden/, while the data stays in test/gateway/golden/.
const file = new URL('../../../../test/gateway/golden/botocore.json', import.meta.url);
export const golden = JSON.parse(readFileSync(file, 'utf8')) as Golden;
