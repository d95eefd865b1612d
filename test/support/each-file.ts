/** Runs in every test file: closes what the file started, before its own `afterAll`. */
import { closeAll } from './cleanup.ts';

afterAll(closeAll);
