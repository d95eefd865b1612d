/** Removes types as Node does when it runs the sources: by blanks, so that lines and columns stay. */
import { stripTypeScriptTypes } from 'node:module';

export default { process: (text) => ({ code: stripTypeScriptTypes(text) }) };
