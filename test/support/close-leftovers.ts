/** At the end of every test file, before what the file itself does at its end. */
import { closeAll } from './cleanup.ts';

afterAll(closeAll);
