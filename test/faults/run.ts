/** `npm run faults`: injects faults, and compares what was acknowledged with what is stored. */
import { parseArgs } from 'node:util';
import { closeAll, temporaryFolder } from '../support/cleanup.ts';
import { makeTemplate } from '../support/database.ts';
import { makeCluster, startPostgresServer } from '../support/postgres-server.ts';
import { failed } from './judge.ts';
import { headingOf, linesOf, writeResults, type Outcome } from './results-page.ts';
import { runScenario } from './run-scenario.ts';
import { scenarios } from './scenarios.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    quick: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    publish: { type: 'boolean', default: false },
  },
});
const unknown = values.only.filter((name) => !scenarios.some((scenario) => scenario.name === name));
if (values.list || unknown.length > 0) {
  const names = scenarios.map(({ name }) => name).join(' | ');
  process.stderr.write(`Usage: npm run faults -- [--quick] [--only NAME]… [--publish]\nNAME: ${names}\n`);
  process.exit(values.list ? 0 : 2);
}
const chosen = scenarios.filter(({ name }) => values.only.length === 0 || values.only.includes(name));

// Exit handlers end the processes that were started.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
const outcomes: Outcome[] = [];
const print = (text: string) => process.stdout.write(`${text}\n`);
try {
  process.env['TMPDIR'] = temporaryFolder();
  const home = temporaryFolder();
  // Connections that the network has lost stay open on this side, since the proxy holds them.
  const postgres = await startPostgresServer(home, await makeCluster(home), { settings: ['max_connections=300'] });
  process.env['TEST_SERVER'] = postgres.url;
  await makeTemplate();
  for (const scenario of chosen) {
    const reason = scenario.missing?.();
    if (reason !== undefined) {
      outcomes.push({ name: scenario.name, skipped: reason });
      print(`${scenario.name}: skipped: ${reason}`);
      continue;
    }
    print(headingOf(scenario.name));
    const result = await runScenario(scenario, postgres, values.quick).catch((error: Error) => failed(scenario, error));
    outcomes.push({ name: scenario.name, result });
    print(linesOf(result));
  }
} finally {
  await closeAll();
}
const names = scenarios.map(({ name }) => name);
const isPublished = values.publish || chosen.length === scenarios.length;
if (isPublished) print(`Written: ${writeResults(names, outcomes, values.quick)}`);
process.exitCode = outcomes.every(({ result }) => (result?.failures ?? []).length === 0) ? 0 : 1;
