/** Storage of oidc-provider: sessions, grants and clients in tables of their own, everything else in `artifacts`. */
import type { AdapterFactory } from 'oidc-provider';
import type { Database } from '../../platform/database.ts';
import type { Keyring } from '../../platform/secrets.ts';
import { createArtifactAdapter } from './artifact-adapter.ts';
import { createClientAdapter } from './client-adapter.ts';
import { createGrantAdapter } from './grant-adapter.ts';
import { createSessionAdapter } from './session-adapter.ts';

export function createAdapterFactory(db: Database, keyring: Keyring): AdapterFactory {
  return (name) => {
    switch (name) {
      case 'Session':
        return createSessionAdapter(db, keyring);
      case 'Grant':
        return createGrantAdapter(db);
      case 'Client':
        return createClientAdapter(db);
      default:
        return createArtifactAdapter(db, keyring, name);
    }
  };
}
