/** Tests that each problem of a value is reported as a field and a reason, not as a message of zod. */
import { z } from 'zod';
import { loadTexts } from './platform/texts.ts';
import { problemText } from './errors.ts';
import { checkValue, type Reason } from './reasons.ts';

const schema = z.strictObject({
  text: z.string().min(1).max(3).optional(),
  list: z.array(z.string()).min(1).max(2).optional(),
  flag: z.boolean().optional(),
  count: z.int().min(1).max(9).optional(),
  word: z.enum(['one', 'two']).optional(),
  map: z.record(z.string(), z.union([z.string(), z.array(z.string())])).optional(),
  inner: z.object({ needed: z.string() }).optional(),
  own: z
    .string()
    .refine((text) => text === 'x', { error: 'must_be_between' satisfies Reason, params: { min: 2, max: 4 } })
    .optional(),
  english: z.string().regex(/^x$/, 'a sentence in the schema').optional(),
});

test('a valid value is returned as the schema parses it', () => {
  expect(checkValue(z.object({ a: z.string().trim() }), { a: ' x ', b: 1 }, 'whole')).toEqual({ value: { a: 'x' } });
});

test.each([
  [{ text: 1 }, { field: 'text', reason: 'must_be_text' }, 'text must be a string that is not empty'],
  [{ text: '' }, { field: 'text', reason: 'must_be_text', min: 1 }, 'text must be a string that is not empty'],
  [{ text: 'long' }, { field: 'text', reason: 'text_too_long', max: 3 }, 'text has more than 3 characters'],
  [{ list: {} }, { field: 'list', reason: 'must_be_list' }, 'list must be an array'],
  [{ list: [] }, { field: 'list', reason: 'list_too_short', min: 1 }, 'list has fewer entries than 1'],
  [{ list: ['', '', ''] }, { field: 'list', reason: 'list_too_long', max: 2 }, 'list has more than 2 entries'],
  [{ list: [1] }, { field: 'list.0', reason: 'must_be_text' }, 'list.0 must be a string that is not empty'],
  [{ flag: 'yes' }, { field: 'flag', reason: 'must_be_boolean' }, 'flag must be true or false'],
  [{ count: 1.5 }, { field: 'count', reason: 'must_be_whole_number' }, 'count must be a whole number, 0 or more'],
  [{ count: 0 }, { field: 'count', reason: 'number_too_small', min: 1 }, 'count is less than 1'],
  [{ count: 10 }, { field: 'count', reason: 'number_too_large', max: 9 }, 'count is more than 9'],
  [{ word: 'x' }, { field: 'word', reason: 'must_be_one_of', allowed: 'one, two' }, 'word must be one of: one, two'],
  [{ map: [] }, { field: 'map', reason: 'must_be_object' }, 'map must be a JSON object'],
  [{ map: { a: 1 } }, { field: 'map.a', reason: 'unsupported_value' }, 'map.a has a value that this server'],
  [{ inner: {} }, { field: 'inner.needed', reason: 'is_missing' }, 'inner.needed is missing'],
  [{ more: 1 }, { field: 'more', reason: 'is_unknown' }, 'more is not a name that is known here'],
  [{ own: 'y' }, { field: 'own', reason: 'must_be_between', min: 2, max: 4 }, 'own must be a whole number from 2 to 4'],
  [{ english: 'y' }, { field: 'english', reason: 'unsupported_value' }, 'english has a value that this server'],
  ['text', { field: 'whole', reason: 'must_be_object' }, 'whole must be a JSON object'],
])('the problem of %j has a field, a reason and words', (value, problem, words) => {
  const { problems = [] } = checkValue(schema, value, 'whole');
  expect(problems).toEqual([problem]);
  expect(problemText(loadTexts(), problems[0]!)).toContain(words);
});

test('all problems are returned, with field names of at most 100 characters', () => {
  const { problems = [] } = checkValue(schema, { flag: 1, word: 1, ['x'.repeat(200)]: 1 }, 'whole');
  expect(problems.map(({ field }) => field)).toEqual(['flag', 'word', 'x'.repeat(100)]);
});
