/** The texts that people read, from `views/texts/<language>.json`. */
import i18next, { type TFunction } from 'i18next';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Texts = TFunction;

const folder = join(import.meta.dirname, '../../views/texts');

/** @returns a function from the key of a text, and its values, to the text; it throws for a key that is missing */
export function loadTexts(language = 'en'): Texts {
  const instance = i18next.createInstance();
  const translation = JSON.parse(readFileSync(join(folder, `${language}.json`), 'utf8')) as object;
  // With resources given, `init` is synchronous. pug escapes the texts, so i18next must not.
  void instance.init({
    lng: language,
    resources: { [language]: { translation } },
    interpolation: { escapeValue: false },
    returnNull: false,
    saveMissing: true,
    missingKeyHandler: (_languages, _namespace, key) => {
      throw new Error(`no text for ${key} in ${language}.json`);
    },
  });
  return instance.t;
}
