/** Every command, in the order of the help page. */
import type { Command } from './command.ts';
import { createAccount } from './create-account.ts';
import { listApis } from './list-apis.ts';
import { listClients } from './list-clients.ts';
import { makeSecret } from './make-secret.ts';
import { migrate } from './migrate.ts';
import { registerApi } from './register-api.ts';
import { registerClient } from './register-client.ts';
import { removeApi } from './remove-api.ts';
import { removeClient } from './remove-client.ts';
import { serve } from './serve.ts';
import { settings } from './settings.ts';
import { showClient } from './show-client.ts';

export const commands: readonly Command[] = [
  serve,
  migrate,
  settings,
  makeSecret,
  createAccount,
  registerClient,
  listClients,
  showClient,
  removeClient,
  registerApi,
  listApis,
  removeApi,
];
