/** Tests that need more of the machine than all machines have. */

type Body = () => Promise<unknown>;

/**
 * Registers a test where it can run; elsewhere a skipped one whose name says why.
 *
 * @param missing what the machine lacks; undefined where the test can run
 */
export function testWhere(missing: string | undefined, name: string, body: Body): void {
  const run = missing === undefined ? test : test.skip;
  run(missing === undefined ? name : `${name} (skipped: ${missing})`, body);
}
