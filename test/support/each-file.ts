/** At the end of every test file, before what the file itself does there: what it started is closed. */
import { closeAll } from './cleanup.ts';

afterAll(closeAll);
