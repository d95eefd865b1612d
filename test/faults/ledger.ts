/** The ledger: what the driver was told is done, and must be found done at the end. */

export type Fact =
  | { kind: 'session'; /** Value of its cookie. */ cookie: string; accountId: string }
  | { kind: 'sign-out'; cookie: string }
  /** An app is notified of the end of its session. */
  | { kind: 'notification'; clientId: string; sid: string; /** When the end was acknowledged. */ at: number }
  | { kind: 'code'; code: string }
  | { kind: 'refresh token'; token: string }
  | { kind: 'consent'; accountId: string; clientId: string; /** When the answer was sent. */ since: Date }
  | { kind: 'client'; id: string; name: string; secret: string }
  | { kind: 'removal of a client'; id: string }
  | { kind: 'account'; id: string; username: string }
  | { kind: 'password'; accountId: string; password: string }
  | { kind: 'suspension'; accountId: string };

export type FactKind = Fact['kind'];
export type FactOf<K extends FactKind> = Extract<Fact, { kind: K }>;

export interface Ledger {
  /** Number of facts that were acknowledged, those included that later ones took the place of. */
  readonly acknowledged: number;
  /** Codes that were exchanged more than once. */
  readonly codesUsedTwice: number;
  /** Responses that refused what had to be done, without a fault that explains it. */
  readonly surprises: string[];
  acknowledge(fact: Fact): void;
  /** Takes a fact out, before a request that ends it: until its response the outcome is not known. */
  withdraw(...facts: Fact[]): void;
  /** Puts facts back whose end was refused. */
  restore(...facts: Fact[]): void;
  /** Notes that tokens were given for a code. */
  noteExchange(code: string): void;
  surprise(what: string): void;
  facts<K extends FactKind>(kind: K): FactOf<K>[];
}

export function createLedger(): Ledger {
  const facts = new Set<Fact>();
  const exchanges = new Map<string, number>();
  const surprises: string[] = [];
  let acknowledged = 0;
  return {
    get acknowledged() {
      return acknowledged;
    },
    get codesUsedTwice() {
      return [...exchanges.values()].filter((count) => count > 1).length;
    },
    surprises,
    acknowledge(fact) {
      acknowledged += 1;
      facts.add(fact);
    },
    withdraw(...some) {
      for (const fact of some) facts.delete(fact);
    },
    restore(...some) {
      for (const fact of some) facts.add(fact);
    },
    noteExchange: (code) => void exchanges.set(code, (exchanges.get(code) ?? 0) + 1),
    surprise: (what) => void surprises.push(what),
    facts: <K extends FactKind>(kind: K) => [...facts].filter((fact): fact is FactOf<K> => fact.kind === kind),
  };
}
