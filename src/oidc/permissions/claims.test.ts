/** Subjects: apps keep them for ever, so what is made here today must be made the same tomorrow. */
import { subjectFor } from './claims.ts';

const [salt, account] = ['a-salt', '1b671a64-40d5-491e-99b0-da01ff1f3341'];
const pairwise = { subject_type: 'pairwise', redirect_uris: ['https://app.example:8443/callback'] };
const known = 'wuc3MCIIikQCdACW8WYaRsGX7WpEvXyRMUXc4b9rofo';

test('a client with public subjects gets the id of the account', () => {
  expect(subjectFor(salt, { redirect_uris: ['https://app.example/'] }, account)).toBe(account);
});

test.each([
  ['its redirect URIs', pairwise],
  ['its redirect URIs, on any port and path', { ...pairwise, redirect_uris: ['https://app.example/other'] }],
  [
    'its sector document, wherever it sends people',
    { ...pairwise, redirect_uris: ['https://b.example/'], sector_identifier_uri: 'https://app.example/sector.json' },
  ],
])('a pairwise app knows a subject of the host of %s', (_, client) => {
  expect(subjectFor(salt, client, account)).toBe(known);
});

test.each([
  [salt, { ...pairwise, redirect_uris: ['https://www.app.example/'] }, account],
  [salt, { ...pairwise, sector_identifier_uri: 'https://b.example/sector.json' }, account],
  [salt, pairwise, '1b671a64-40d5-491e-99b0-da01ff1f3342'],
  ['another-salt', pairwise, account],
])('another sector, person or deployment is another subject', (from, client, person) => {
  expect(subjectFor(from, client, person)).not.toBe(known);
});
