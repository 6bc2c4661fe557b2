/** For programs whose commands are looked at and never run. */
import { monotonicMs } from '../../base/instants.js';
import type { CliContext } from '../../cli/context.js';

export const noContext: CliContext = {
  env: {},
  isTerminal: false,
  isNoteTerminal: false,
  print: () => undefined,
  note: () => undefined,
  readFile: () => Promise.reject(new Error('no command runs')),
  writeFile: () => Promise.reject(new Error('no command runs')),
  openInput: () => Promise.reject(new Error('no command runs')),
  writeStream: () => Promise.reject(new Error('no command runs')),
  connectObjects: () => Promise.reject(new Error('no command runs')),
  connect: () => Promise.reject(new Error('no command runs')),
  interrupted: new AbortController().signal,
  deadlineIn: (ms) => monotonicMs(ms),
  absolute: (path) => path,
  hostname: 'here',
  script: 'cairn',
  runtime: () => {
    throw new Error('no command runs');
  },
};
