/** `cairn auth ...`: who may connect, and what for. One file per command. */
import type { Command } from 'commander';
import { addAuthAdd } from './auth-add.js';
import { addAuthCaps } from './auth-caps.js';
import { addAuthGet } from './auth-get.js';
import { addAuthLs } from './auth-ls.js';
import { addAuthRm } from './auth-rm.js';
import { addAuthRotate } from './auth-rotate.js';
import type { CliContext } from './context.js';

export function registerAuthCommands(program: Command, context: CliContext): void {
  const auth = program.command('auth').description('Give out keys and capabilities, change them, take them back.');
  addAuthAdd(auth, context);
  addAuthLs(auth, context);
  addAuthGet(auth, context);
  addAuthCaps(auth, context);
  addAuthRotate(auth, context);
  addAuthRm(auth, context);
}
