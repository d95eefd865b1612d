/** `npm run bench -- apis|growth|keys|limits|logout|overload|throughput`: measures whether a promise holds; exits with 1 when it does not. */
import { parseArgs } from 'node:util';
import { closeAll } from '../support/cleanup.ts';
import setUp from '../support/global-setup.ts';
import tearDown from '../support/global-teardown.ts';
import { benchApis } from './apis/report.ts';
import { benchGrowth } from './growth/report.ts';
import { benchKeys } from './keys/report.ts';
import { benchLimits } from './limits/report.ts';
import { benchLogout } from './logout/report.ts';
import { benchOverload } from './overload/report.ts';
import { formatReport, type Report } from './report.ts';
import { publish, whyNotPublish } from './results-page.ts';
import { benchThroughput } from './throughput/report.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    endings: { type: 'string', default: '10000' },
    rate: { type: 'string', default: '25' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '6' },
    sessions: { type: 'string', default: '1100000' },
    only: { type: 'string', multiple: true, default: [] },
    peers: { type: 'boolean', default: false },
    publish: { type: 'boolean', default: false },
    force: { type: 'boolean', default: false },
  },
});

const benches: Record<string, () => Promise<Report>> = {
  apis: () => benchApis({ rounds: Number(values.rounds), seconds: Number(values.seconds) }),
  growth: () => benchGrowth({ sessions: Number(values.sessions), baselineSeconds: 20 }),
  keys: () => benchKeys({ rotations: 10, everySeconds: 10, announcementSeconds: 75, verifications: 100_000 }),
  limits: () => benchLimits(),
  logout: () =>
    benchLogout({
      endings: Number(values.endings),
      rate: Number(values.rate),
      servers: 3,
      killEvery: [3, 12],
      patience: 400,
      isUnsteadyToTheEnd: true,
    }),
  overload: () => benchOverload(Number(values.seconds)),
  throughput: () =>
    benchThroughput({
      rounds: Number(values.rounds),
      seconds: Number(values.seconds),
      only: values.only,
      peers: values.peers,
    }),
};

const name = positionals[0] ?? '';
const bench = benches[name];
/** Comparisons start a PostgreSQL of their own, which counts statements, and their figures can be published. */
const isComparison = ['apis', 'throughput'].includes(name);
if (!bench || (values.publish && !isComparison) || (values.publish && values.only.length > 0)) {
  process.stderr.write(
    `Usage: npm run bench -- growth [--sessions N] | keys | limits | logout [--endings N] [--rate R] | overload [--seconds N]
  | throughput [--rounds N] [--seconds N] [--peers] [--only NAME]… | apis [--rounds N] [--seconds N]
--publish writes the figures of throughput (all operations) or apis to test/bench/RESULTS.md, on a quiet machine or with --force.
`,
  );
  process.exit(2);
}
const refusal = values.publish ? whyNotPublish(values.force) : undefined;
if (refusal !== undefined) {
  process.stderr.write(`${refusal}\n`);
  process.exit(2);
}
// Exit handlers end the processes that were started.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
if (!isComparison) await setUp();
try {
  const report = await bench();
  process.stdout.write(`${formatReport(report)}\n`);
  if (values.publish && report.publication) {
    const { heading, text, writeOtherFiles } = report.publication;
    process.stdout.write(`Written: ${publish(heading, text)}\n`);
    writeOtherFiles?.();
  }
  process.exitCode = report.broken.length === 0 ? 0 : 1;
} finally {
  await closeAll();
  if (!isComparison) await tearDown();
}
