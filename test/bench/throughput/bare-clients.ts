/** The clients of the bare library: oidc-provider without Frontdesk (bare-library.ts). */
import type { ClientMetadata } from 'oidc-provider';

export const bareAudience = 'https://notes.example/api';
export const bareSecret = 'a secret of the bench that has forty-three characters';

export const bareClients: ClientMetadata[] = [
  {
    client_id: 'app',
    client_secret: bareSecret,
    redirect_uris: ['http://app.localhost:9/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
  },
  {
    client_id: 'machine',
    client_secret: bareSecret,
    redirect_uris: [],
    response_types: [],
    grant_types: ['client_credentials'],
  },
];
