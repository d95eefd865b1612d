/** Values of the `prompt` parameter (OpenID Connect Core §3.1.2.1). */

const supportedValues = new Set(['none', 'login', 'consent', 'select_account']);

/** Value → the value that takes its place. `create` (Initiating User Registration 1.0 §3) shows the sign-in page. */
const substitutes: Record<string, string> = { create: 'login' };

/**
 * Leaves out unknown values, as the standard allows. With `none` nothing is left out: `none` together with another
 * value is an error, which the library returns.
 *
 * @returns undefined when no value is left
 */
export function supportedPrompts(prompt: unknown): string | undefined {
  if (typeof prompt !== 'string') return undefined;
  const values = prompt.split(' ').filter(Boolean);
  if (values.includes('none')) return prompt;
  const supported = values.map((value) => substitutes[value] ?? value).filter((value) => supportedValues.has(value));
  return supported.length > 0 ? [...new Set(supported)].join(' ') : undefined;
}
