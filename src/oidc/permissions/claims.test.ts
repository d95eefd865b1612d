/** Tests that the subject of an account never changes, since apps store it. */
import { subjectFor } from './claims.ts';

const [salt, account] = ['a-salt', '1b671a64-40d5-491e-99b0-da01ff1f3341'];
const pairwise = { subject_type: 'pairwise', redirect_uris: ['https://app.example:8443/callback'] };
const expectedSubject = 'wuc3MCIIikQCdACW8WYaRsGX7WpEvXyRMUXc4b9rofo';

test('the public subject is the id of the account', () => {
  expect(subjectFor(salt, { redirect_uris: ['https://app.example/'] }, account)).toBe(account);
});

test.each([
  ['its redirect URIs', pairwise],
  ['its redirect URIs, not on their port and path', { ...pairwise, redirect_uris: ['https://app.example/other'] }],
  [
    'its sector identifier URI, not on its redirect URIs',
    { ...pairwise, redirect_uris: ['https://b.example/'], sector_identifier_uri: 'https://app.example/sector.json' },
  ],
])('a pairwise subject depends on the host of %s', (_, client) => {
  expect(subjectFor(salt, client, account)).toBe(expectedSubject);
});

test.each([
  [salt, { ...pairwise, redirect_uris: ['https://www.app.example/'] }, account],
  [salt, { ...pairwise, sector_identifier_uri: 'https://b.example/sector.json' }, account],
  [salt, pairwise, '1b671a64-40d5-491e-99b0-da01ff1f3342'],
  ['another-salt', pairwise, account],
])('the pairwise subject of another sector, person or deployment differs', (saltOfSubject, client, person) => {
  expect(subjectFor(saltOfSubject, client, person)).not.toBe(expectedSubject);
});
