/** The ledger: facts that responses acknowledged to the driver, and that must be found at the end. */

export type Fact =
  | { kind: 'session'; /** Value of its cookie. */ cookie: string; accountId: string }
  | { kind: 'sign-out'; cookie: string }
  /** An app is notified of the end of its session. */
  | { kind: 'notification'; clientId: string; sid: string; /** When the end was acknowledged. */ at: number }
  | { kind: 'exchange'; /** It must stay used. */ code: string }
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
  /** Number of all facts that were acknowledged, also of those that were withdrawn later. */
  readonly acknowledged: number;
  /** Codes that were exchanged more than once. */
  readonly codesUsedTwice: number;
  /** A line for each refusal or incomplete response that no fault explains. */
  readonly unexpected: string[];
  acknowledge(fact: Fact): void;
  /** Removes facts before a request that ends them is sent: until its response it is not known whether they hold. */
  withdraw(...facts: Fact[]): void;
  /** Adds withdrawn facts again, when the request that ends them was not carried out. */
  restore(...facts: Fact[]): void;
  /** Counts a response with tokens for a code. */
  noteExchange(code: string): void;
  noteUnexpected(line: string): void;
  facts<K extends FactKind>(kind: K): FactOf<K>[];
}

export function createLedger(): Ledger {
  const facts = new Set<Fact>();
  const exchanges = new Map<string, number>();
  const unexpected: string[] = [];
  let acknowledged = 0;
  return {
    get acknowledged() {
      return acknowledged;
    },
    get codesUsedTwice() {
      return [...exchanges.values()].filter((count) => count > 1).length;
    },
    unexpected,
    acknowledge(fact) {
      acknowledged += 1;
      facts.add(fact);
    },
    withdraw(...withdrawn) {
      for (const fact of withdrawn) facts.delete(fact);
    },
    restore(...restored) {
      for (const fact of restored) facts.add(fact);
    },
    noteExchange: (code) => void exchanges.set(code, (exchanges.get(code) ?? 0) + 1),
    noteUnexpected: (line) => void unexpected.push(line),
    facts: <K extends FactKind>(kind: K) => [...facts].filter((fact): fact is FactOf<K> => fact.kind === kind),
  };
}
