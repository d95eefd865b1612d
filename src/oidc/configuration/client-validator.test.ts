/** What the library says of client metadata is told in our words: a field and a reason. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { problemIn } from './client-validator.ts';

const library = join(process.cwd(), 'node_modules/oidc-provider/lib');
const read = (path: string) => readFileSync(join(library, path), 'utf8');

/** Messages about features that are off here: mTLS, CIBA, DPoP, metadata choices. */
const ofOtherFeatures = /tls_client_auth|pairwise \w+ clients must|proof of possession|is used$|choice|refreshed$/;

const raised = [
  ...read('helpers/client_schema.js').matchAll(/invalidate\(\s*(?:isAry\s*\?\s*)?(['`])(.*?)\1/g),
  ...read('helpers/client_schema.js').matchAll(/^\s+: (`)(\$\{prop\} must.*?)`\)/gm),
  ...read('helpers/sector_identifier.js').matchAll(/InvalidClientMetadata\((['`])(.*?)\1/g),
  ...read('helpers/sector_validate.js').matchAll(/(?:InvalidClientMetadata|Error)\((['`"])(.*?)\1/g),
  ...read('models/client.js').matchAll(/InvalidClientMetadata\((['`])(.*?)\1/g),
].map(([, , message]) => message!);

const example = (message: string) =>
  message
    .replace(/\$\{formatters.*\)\}/, "'one', or 'two'")
    .replace(/\$\{type\}/, 'web')
    .replace(/\$\{[^}]*\}/g, 'a_field');

test('every message of the library has a reason of ours', () => {
  const messages = [...new Set(raised.filter((message) => !ofOtherFeatures.test(message)).map(example))];
  expect(messages.length).toBeGreaterThan(35);
  const unknown = messages.filter((message) => {
    const { field, reason } = problemIn(message);
    return field === 'metadata' && reason === 'unsupported_value';
  });
  expect(unknown).toEqual([]);
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
])('%s', (message, problem) => expect(problemIn(message)).toEqual(problem));
