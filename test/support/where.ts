/** Registers tests that need a feature which not every machine has. */

type Body = () => Promise<unknown>;

/**
 * Registers a test that is skipped where the machine lacks something; its name then says what.
 *
 * @param missing what the machine lacks; undefined where the test can run
 */
export function testWhere(missing: string | undefined, name: string, body: Body): void {
  const run = missing === undefined ? test : test.skip;
  run(missing === undefined ? name : `${name} (skipped: ${missing})`, body);
}
