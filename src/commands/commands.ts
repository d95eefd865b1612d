/** All commands, in the order of the help page. */
import { createAccount } from './accounts/create.ts';
import { listAccounts } from './accounts/list.ts';
import { setPassword } from './accounts/password.ts';
import { removeAccount } from './accounts/remove.ts';
import { renameAccount } from './accounts/rename.ts';
import { setClaims } from './accounts/set-claims.ts';
import { setEmail } from './accounts/set-email.ts';
import { showAccount } from './accounts/show.ts';
import { reinstateAccount, suspendAccount } from './accounts/suspend.ts';
import { unlockAccount } from './accounts/unlock.ts';
import { updateAccount } from './accounts/update.ts';
import { listApis, registerApi, removeApi } from './apis.ts';
import { listClients } from './clients/list.ts';
import { registerClient } from './clients/register.ts';
import { removeClient } from './clients/remove.ts';
import { addClientSecret, listClientSecrets, removeClientSecret } from './clients/secrets.ts';
import { showClient } from './clients/show.ts';
import { updateClient } from './clients/update.ts';
import type { Command } from './command.ts';
import { listKeys, rotateKeys } from './keys.ts';
import { migrate } from './migrate.ts';
import { listNotices, retryNotices } from './notices.ts';
import { listPolicy, setPolicy } from './policy.ts';
import { createRegistrationToken, listRegistrationTokens, removeRegistrationToken } from './registration-tokens.ts';
import { makeSecret } from './secret.ts';
import { serve } from './serve.ts';
import { endSessions, listSessions } from './sessions.ts';
import { settings } from './settings.ts';

export const commands: readonly Command[] = [
  serve,
  migrate,
  settings,
  makeSecret,
  createAccount,
  listAccounts,
  showAccount,
  updateAccount,
  setEmail,
  renameAccount,
  setPassword,
  setClaims,
  suspendAccount,
  reinstateAccount,
  unlockAccount,
  removeAccount,
  listSessions,
  endSessions,
  registerClient,
  listClients,
  showClient,
  updateClient,
  addClientSecret,
  listClientSecrets,
  removeClientSecret,
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
