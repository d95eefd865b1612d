/** What a person should hear of the failed sign-ins to their account. */
import type { RecordedEvent } from '../audit/audit-repository.ts';

/** A success of the same device and address within this time of the failures ends a row of tries. */
const tryMilliseconds = 15 * 60 * 1000;
/** So many failures before a success are typing errors. */
const maxTypos = 2;
/** So many failures within an hour are a burst: somebody may be guessing the password. */
const burstFailures = 5;
const burstMilliseconds = 60 * 60 * 1000;

type SignIn = Pick<RecordedEvent, 'id' | 'at' | 'kind' | 'ip' | 'detail'>;

export interface FailedSignIns {
  /** Failures that no success of the same device and address followed. */
  unexplained: { count: number; lastAt: Date; isBurst: boolean } | undefined;
  /** The newest success after more failures than typing errors explain. */
  afterMany: { count: number; id: string; at: Date } | undefined;
}

const originOf = ({ ip, detail }: SignIn): string => `${ip} ${String(detail['device'])}`;

const timeBetween = (earlier: SignIn, later: SignIn): number => later.at.getTime() - earlier.at.getTime();

/**
 * One or two failures before a success are typing errors of the person, and are left out.
 *
 * @param events sign-ins that failed or succeeded, the newest first
 */
export function summarizeFailedSignIns(events: readonly SignIn[]): FailedSignIns {
  const pending = new Map<string, SignIn[]>();
  const unexplained: SignIn[] = [];
  let afterMany: FailedSignIns['afterMany'];
  for (const event of events.toReversed()) {
    const origin = originOf(event);
    const before = pending.get(origin) ?? [];
    if (event.kind === 'sign-in.failed') {
      pending.set(origin, [...before, event]);
      continue;
    }
    const own = before.filter((failure) => timeBetween(failure, event) <= tryMilliseconds);
    unexplained.push(...before.filter((failure) => !own.includes(failure)));
    if (own.length > maxTypos) afterMany = { count: own.length, id: event.id, at: event.at };
    pending.delete(origin);
  }
  unexplained.push(...[...pending.values()].flat());
  return { unexplained: summaryOf(unexplained), afterMany };
}

function summaryOf(failures: SignIn[]): FailedSignIns['unexplained'] {
  const inOrder = failures.toSorted((one, other) => timeBetween(other, one));
  const last = inOrder.at(-1);
  if (!last) return undefined;
  const isBurst = inOrder.some((failure, index) => {
    const first = inOrder[index - burstFailures + 1];
    return first !== undefined && timeBetween(first, failure) <= burstMilliseconds;
  });
  return { count: inOrder.length, lastAt: last.at, isBurst };
}
