/** `npm run bench -- keys`: the figures as a table. */
import type { Report } from '../report.ts';
import { measureKeys, type KeysOptions } from './keys.ts';

export async function benchKeys(options: KeysOptions): Promise<Report> {
  const { kinds, issued, issuingErrors, keysSeen, keyFetches, seconds } = await measureKeys(options);
  const broken: string[] = [];
  const rows = kinds.map(({ name, agent, instances, verifications, failures }) => {
    const failed = [...failures.values()].reduce((sum, count) => sum + count, 0);
    for (const [reason, count] of failures) broken.push(`${name}: ${count} × ${reason}`);
    return [name, instances.length, verifications, failed, keyFetches.get(agent) ?? 0];
  });
  const all = kinds.reduce((sum, { verifications }) => sum + verifications, 0);
  if (all < options.verifications) broken.push(`only ${all} verifications`);
  if (issuingErrors.length > 0) broken.push(`${issuingErrors.length} tokens were not issued: ${issuingErrors[0]}`);
  for (const [algorithm, keys] of Object.entries(keysSeen))
    if (keys !== options.rotations + 1) broken.push(`${algorithm}: ${keys} keys signed, not ${options.rotations + 1}`);
  return {
    title: [
      `${options.rotations} rotations, one every ${options.everySeconds} s, each announced ${options.announcementSeconds} s before; 2 processes, no restart;`,
      `${issued.toLocaleString('en')} access tokens (ES256) and as many ID tokens (RS256), signed by ${keysSeen['ES256']} and ${keysSeen['RS256']} keys;`,
      `${all.toLocaleString('en')} verifications in ${seconds.toFixed(0)} s.`,
    ].join('\n'),
    columns: ['client', 'instances', 'verifications', 'failures', 'key requests'],
    rows,
    broken,
  };
}
