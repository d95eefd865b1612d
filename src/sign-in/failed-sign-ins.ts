/** Summarizes the failed sign-ins to an account for its person. */
import type { RecordedEvent } from '../audit/audit-repository.ts';

/** Failures belong to a success of the same device and IP address that follows within this time. */
const tryMilliseconds = 15 * 60 * 1000;
/** Maximum number of failures before a success that count as typing errors. */
const maxTypos = 2;
/** Number of failures within an hour that are a burst: somebody may be guessing the password. */
const burstFailures = 5;
const burstMilliseconds = 60 * 60 * 1000;

type SignIn = Pick<RecordedEvent, 'id' | 'at' | 'kind' | 'ip' | 'detail'>;

export interface FailedSignIns {
  /** Failures that no success of the same device and IP address followed within 15 minutes. */
  unexplained: { count: number; lastAt: Date; isBurst: boolean } | undefined;
  /** The newest success after more failures than count as typing errors. */
  afterMany: { count: number; id: string; at: Date } | undefined;
}

const originOf = ({ ip, detail }: SignIn): string => `${ip} ${String(detail['device'])}`;

const timeBetween = (earlier: SignIn, later: SignIn): number => later.at.getTime() - earlier.at.getTime();

/**
 * One or two failures before a success are typing errors of the person, and are left out.
 *
 * @param events failed and successful sign-ins, newest first
 */
export function summarizeFailedSignIns(events: readonly SignIn[]): FailedSignIns {
  const pending = new Map<string, SignIn[]>();
  const unexplained: SignIn[] = [];
  let afterMany: FailedSignIns['afterMany'];
  for (const event of events.toReversed()) {
    const origin = originOf(event);
    const failures = pending.get(origin) ?? [];
    if (event.kind === 'sign-in.failed') {
      pending.set(origin, [...failures, event]);
      continue;
    }
    const recent = failures.filter((failure) => timeBetween(failure, event) <= tryMilliseconds);
    unexplained.push(...failures.filter((failure) => !recent.includes(failure)));
    if (recent.length > maxTypos) afterMany = { count: recent.length, id: event.id, at: event.at };
    pending.delete(origin);
  }
  unexplained.push(...[...pending.values()].flat());
  return { unexplained: summaryOf(unexplained), afterMany };
}

function summaryOf(failures: SignIn[]): FailedSignIns['unexplained'] {
  const inOrder = failures.toSorted((a, b) => timeBetween(b, a));
  const last = inOrder.at(-1);
  if (!last) return undefined;
  const isBurst = inOrder.some((failure, index) => {
    const first = inOrder[index - burstFailures + 1];
    return first !== undefined && timeBetween(first, failure) <= burstMilliseconds;
  });
  return { count: inOrder.length, lastAt: last.at, isBurst };
}
