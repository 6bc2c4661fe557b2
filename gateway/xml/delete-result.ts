/** The answer to `DeleteObjects`. */
import { unreachable } from '../../base/invariant.js';
import type { S3ErrorCode } from '../s3-error-codes.js';
import { XmlWriter } from './writer.js';

export type DeleteOutcome =
  | {
      readonly kind: 'deleted';
      readonly key: string;
      /** The one that the client named. */
      readonly versionId: string | undefined;
      /** The marker that was made, or the one that was deleted. */
      readonly deleteMarkerVersionId: string | undefined;
    }
  | {
      readonly kind: 'failed';
      readonly key: string;
      readonly versionId: string | undefined;
      readonly code: S3ErrorCode;
      readonly message: string;
    };

/** In the order of the request. When it was `quiet`, only what failed goes out. */
export function writeDeleteResult(outcomes: readonly DeleteOutcome[], quiet: boolean): XmlWriter {
  const out = new XmlWriter('DeleteResult');
  for (const outcome of outcomes) {
    switch (outcome.kind) {
      case 'deleted':
        if (quiet) break;
        out.start('Deleted').text('Key', outcome.key).text('VersionId', outcome.versionId);
        if (outcome.deleteMarkerVersionId !== undefined) {
          out.plain('DeleteMarker', true).text('DeleteMarkerVersionId', outcome.deleteMarkerVersionId);
        }
        out.end();
        break;
      case 'failed':
        out.start('Error').text('Key', outcome.key).text('VersionId', outcome.versionId);
        out.plain('Code', outcome.code).text('Message', outcome.message).end();
        break;
      default:
        unreachable(outcome);
    }
  }
  return out;
}
