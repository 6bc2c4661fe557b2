import assert from 'node:assert/strict';
import { runToEnd, StoppedError } from '../../bench/run-to-end.js';

const never = new Promise<never>(() => undefined);

describe('bench: what is started is put away', () => {
  it('last first, when it is done', async () => {
    const said: string[] = [];
    const result = await runToEnd(
      async (atEnd) => {
        atEnd(() => void said.push('directory'));
        atEnd(async () => {
          await Promise.resolve();
          said.push('daemon');
        });
        return await Promise.resolve(7);
      },
      { asked: never },
    );
    assert.deepEqual([result, said], [7, ['daemon', 'directory']]);
  });

  it('when it fails, also beside something that cannot be put away', async () => {
    const said: string[] = [];
    const failing = runToEnd(
      (atEnd) => {
        atEnd(() => void said.push('directory'));
        atEnd(() => Promise.reject(new Error('is stuck')));
        throw new Error('no disk');
      },
      { asked: never, say: (line) => said.push(line) },
    );
    await assert.rejects(failing, /no disk/);
    assert.deepEqual(said, ['Error: is stuck', 'directory']);
  });

  it('when somebody asks for it, though it would go on for ever', async () => {
    const said: string[] = [];
    const stopping = runToEnd(
      (atEnd) => {
        atEnd(() => void said.push('daemon'));
        return never;
      },
      { asked: Promise.resolve('SIGTERM' as const), say: (line) => said.push(line) },
    );
    await assert.rejects(stopping, StoppedError);
    assert.deepEqual(said, ['SIGTERM: stopping what was started', 'daemon']);
  });
});
