/** Values of the `prompt` parameter (OpenID Connect Core §3.1.2.1). */

const known = new Set(['none', 'login', 'consent', 'select_account']);

/** Until people can register, `create` (Initiating User Registration 1.0 §3) shows the page for signing in. */
const substitutes: Record<string, string> = { create: 'login' };

/**
 * Leaves out values that are not known, as the standard allows. With `none` nothing is left out: together with any other
 * value it is an error, which is the library's to return.
 */
export function supportedPrompts(prompt: unknown): string | undefined {
  if (typeof prompt !== 'string') return undefined;
  const values = prompt.split(' ').filter(Boolean);
  if (values.includes('none')) return prompt;
  const supported = values.map((value) => substitutes[value] ?? value).filter((value) => known.has(value));
  return supported.length > 0 ? [...new Set(supported)].join(' ') : undefined;
}
