/** AWS's SDK for JavaScript as an oracle: what it reads in our answers, and what it writes in requests. No socket is opened. */
import { S3Client } from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';

// It warns of the Node version that is the oldest we run on; the warning would be among the results of the tests.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

export interface SentRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
}

function clientOf(handle: (request: SentRequest) => Promise<{ response: Answer }>): S3Client {
  return new S3Client({
    region: 'eu-central-1',
    endpoint: 'http://s3.example.com',
    forcePathStyle: true,
    maxAttempts: 1,
    disableS3ExpressSessionAuth: true,
    credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret' },
    // The type of the package's own handlers asks for classes; these are the members that it uses.
    requestHandler: { handle } as never,
  });
}

/** A client that gets this answer whatever it asks. */
export function answering(body: Uint8Array, statusCode = 200): S3Client {
  return clientOf(() =>
    Promise.resolve({
      response: {
        statusCode,
        headers: { 'content-type': 'application/xml' },
        body: Readable.from([Buffer.from(body)]),
      },
    }),
  );
}

/** What the client sends for `command`, one of the package's commands (whose types have nothing in common). */
export async function sentBy(command: object): Promise<SentRequest> {
  let sent: SentRequest | undefined;
  const client = clientOf((request) => {
    sent = request;
    return Promise.reject(new Error('only the request is wanted'));
  });
  await client.send(command as never).catch((error: unknown) => {
    if (sent === undefined) throw error;
  });
  if (sent === undefined) throw new Error('nothing was sent');
  return sent;
}
