/** `npm run bench -- logout`: the figures as a table. */
import { percentile, type Report } from '../report.ts';
import { measureLogout, type LogoutOptions } from './logout.ts';
import { receiverNames } from './receivers.ts';

const maxP99Milliseconds = 2_000;

const names = { healthy: 'healthy', unsteady: 'fails at random', down: 'down for a while' };

export async function benchLogout(options: LogoutOptions): Promise<Report> {
  const { received, kills, decoys, decoysEnded, caughtUpSeconds, seconds } = await measureLogout(options);
  const broken: string[] = [];
  const rows = receiverNames.map((name) => {
    const { delivered, lost, wrong, malformed, duplicates, delays } = received[name];
    for (const [what, count] of Object.entries({ lost, wrong, malformed }))
      if (count > 0) broken.push(`${names[name]}: ${count} ${what}`);
    const times = [0.5, 0.95, 0.99, 1].map((share) => percentile(delays, share));
    return [names[name], delivered, lost, wrong, malformed, duplicates, ...times];
  });
  const p99 = percentile(received.healthy.delays, 0.99);
  if (!(p99 <= maxP99Milliseconds)) broken.push(`healthy: p99 is ${p99} ms, not ${maxP99Milliseconds} at most`);
  if (decoysEnded > 0) broken.push(`${decoysEnded} sessions ended although nothing ended them`);
  return {
    title: [
      `${options.endings.toLocaleString('en')} endings at ${options.rate} a second, ${options.servers} processes, ${kills} × SIGKILL,`,
      `${decoys.toLocaleString('en')} sessions that do not end; ${seconds.toFixed(0)} s in all.`,
      `The app that was down had received all that it missed ${caughtUpSeconds.toFixed(1)} s after it was up again.`,
      'Times in ms from the call that ends a session to the first logout token.',
    ].join('\n'),
    columns: ['app', 'delivered', 'lost', 'wrong', 'malformed', 'duplicates', 'p50', 'p95', 'p99', 'max'],
    rows,
    broken,
  };
}
