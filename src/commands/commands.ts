/** Every command, in the order of the help page. */
import type { Command } from './command.ts';
import { createAccount } from './accounts/create.ts';
import { endSessions, listSessions } from './sessions.ts';
import { listAccounts } from './accounts/list.ts';
import { listApis, registerApi, removeApi } from './apis.ts';
import { listClients } from './clients/list.ts';
import { listKeys, rotateKeys } from './keys.ts';
import { listNotices, retryNotices } from './notices.ts';
import { listPolicy, setPolicy } from './policy.ts';
import { makeSecret } from './secret.ts';
import { migrate } from './migrate.ts';
import { registerClient } from './clients/register.ts';
import { createRegistrationToken, listRegistrationTokens, removeRegistrationToken } from './registration-tokens.ts';
import { removeAccount } from './accounts/remove.ts';
import { removeClient } from './clients/remove.ts';
import { serve } from './serve.ts';
import { setClaims } from './accounts/set-claims.ts';
import { setPassword } from './accounts/password.ts';
import { settings } from './settings.ts';
import { showClient } from './clients/show.ts';
import { reinstateAccount, suspendAccount } from './accounts/suspend.ts';

export const commands: readonly Command[] = [
  serve,
  migrate,
  settings,
  makeSecret,
  createAccount,
  listAccounts,
  setPassword,
  setClaims,
  suspendAccount,
  reinstateAccount,
  removeAccount,
  listSessions,
  endSessions,
  registerClient,
  listClients,
  showClient,
  removeClient,
  createRegistrationToken,
  listRegistrationTokens,
  removeRegistrationToken,
  registerApi,
  listApis,
  removeApi,
  listNotices,
  retryNotices,
  listKeys,
  rotateKeys,
  listPolicy,
  setPolicy,
];
