/** The words that people read, from `views/texts/<language>.json`. */
import i18next, { type TFunction } from 'i18next';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Texts = TFunction;

const folder = join(import.meta.dirname, '../../views/texts');

/** Texts of one language. A key that is missing is a fault of the program, so it throws. */
export function loadTexts(language = 'en'): Texts {
  const instance = i18next.createInstance();
  const translation = JSON.parse(readFileSync(join(folder, `${language}.json`), 'utf8')) as object;
  // Synchronous as long as the resources are handed over; pug escapes, so i18next must not.
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
