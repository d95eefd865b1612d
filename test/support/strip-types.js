/** Makes JavaScript of the sources as Node itself does: types become blanks, everything else stays where it is. */
import { stripTypeScriptTypes } from 'node:module';

export default { process: (text) => ({ code: stripTypeScriptTypes(text) }) };
