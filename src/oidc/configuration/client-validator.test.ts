/** Tests that messages of oidc-provider about client metadata are translated to a field and a reason. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { problemIn } from './client-validator.ts';

const library = join(process.cwd(), 'node_modules/oidc-provider/lib');
const readSource = (path: string) => readFileSync(join(library, path), 'utf8');

/** Matches messages about features that Frontdesk does not enable: mTLS, CIBA, DPoP, metadata choices. */
const aboutDisabledFeatures =
  /tls_client_auth|pairwise \w+ clients must|proof of possession|is used$|choice|refreshed$/;

const libraryMessages = [
  ...readSource('helpers/client_schema.js').matchAll(/invalidate\(\s*(?:isAry\s*\?\s*)?(['`])(.*?)\1/g),
  ...readSource('helpers/client_schema.js').matchAll(/^\s+: (`)(\$\{prop\} must.*?)`\)/gm),
  ...readSource('helpers/sector_identifier.js').matchAll(/InvalidClientMetadata\((['`])(.*?)\1/g),
  ...readSource('helpers/sector_validate.js').matchAll(/(?:InvalidClientMetadata|Error)\((['`"])(.*?)\1/g),
  ...readSource('models/client.js').matchAll(/InvalidClientMetadata\((['`])(.*?)\1/g),
].map(([, , message]) => message!);

const example = (message: string) =>
  message
    .replace(/\$\{formatters.*\)\}/, "'one', or 'two'")
    .replace(/\$\{type\}/, 'web')
    .replace(/\$\{[^}]*\}/g, 'a_field');

test('every message of oidc-provider is translated to a reason', () => {
  const messages = [...new Set(libraryMessages.filter((message) => !aboutDisabledFeatures.test(message)).map(example))];
  expect(messages.length).toBeGreaterThan(35);
  const untranslated = messages.filter((message) => {
    const { field, reason } = problemIn(message);
    return field === 'metadata' && reason === 'unsupported_value';
  });
  expect(untranslated).toEqual([]);
});

test.each([
  [
    "subject_type must be 'public' or 'pairwise'",
    { field: 'subject_type', reason: 'must_be_one_of', allowed: 'public, pairwise' },
  ],
  [
    "response_types can only contain 'code', 'id_token', or 'code id_token'",
    { field: 'response_types', reason: 'must_be_one_of', allowed: 'code, id_token, code id_token' },
  ],
  ['jwks or jwks_uri is mandatory for this client', { field: 'jwks', other: 'jwks_uri', reason: 'is_missing_without' }],
  ['client JSON Web Key Set is invalid', { field: 'jwks', reason: 'must_be_public_keys' }],
  ['something that a later version says', { field: 'metadata', reason: 'unsupported_value' }],
])('the message "%s" is translated', (message, problem) => expect(problemIn(message)).toEqual(problem));
