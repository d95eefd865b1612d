/** What is run, and which results are expected: the files in profiles/, and modules.json for all of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** Results of the suite, in the order of the tables. `review`: a person must look at a stored page. */
export const outcomes = ['passed', 'warning', 'review', 'skipped', 'failed'] as const;
export type Outcome = (typeof outcomes)[number];

/** The page that the suite's browser stores for review, and what it does before (pages.ts). */
export const browserSteps = [
  'sign-in-again',
  'consent',
  'unregistered-redirect-uri',
  'invalid-request',
  'unregistered-post-logout-redirect-uri',
  'invalid-logout-request',
  'sign-out-confirmation',
  'signed-out',
] as const;
export type BrowserSteps = (typeof browserSteps)[number];

const expectation = z
  .strictObject({
    result: z.enum(outcomes).default('passed'),
    /** Why the module does not pass, and why that is right. */
    reason: z.string().min(20).optional(),
    steps: z.enum(browserSteps).optional(),
  })
  .refine(({ result, reason }) => (result === 'passed') === (reason === undefined), {
    message: 'a result other than passed needs a reason; passed has none',
  });
export type Expectation = z.output<typeof expectation>;

/** Module → what is expected of it. A module that is not listed is expected to pass. */
const expectations = z.record(z.string().startsWith('oidcc-'), expectation);
export type Expectations = z.output<typeof expectations>;

const profileFile = z
  .strictObject({
    about: z.string(),
    /** Name of the certification profile, as the OpenID Foundation lists it. */
    certification: z.string(),
    plan: z.string().regex(/^[\w-]+-test-plan$/),
    variant: z.record(z.string(), z.string()),
    /** Off: the provider has its default configuration, and clients are registered like any others. */
    conformanceProfile: z.enum(['on', 'off']).default('on'),
    /** How clients are registered: by an operator (static), or by the suite (dynamic, RFC 7591). */
    clients: z.enum(['none', 'static', 'dynamic']),
    /** How static clients are notified of a logout. */
    logout: z.enum(['back-channel', 'front-channel']).optional(),
    /** Number of modules of the plan; another number means that the suite has changed. */
    modules: z.int().positive(),
    /** Expectations that replace those of modules.json. */
    overrides: expectations.default({}),
  })
  .refine(({ clients, conformanceProfile }) => clients !== 'dynamic' || conformanceProfile === 'on', {
    message: 'clients register themselves only where conformanceProfile is on',
  });

/** Whether the provider runs with CONFORMANCE_PROFILE. */
export type ConformanceProfile = z.output<typeof profileFile>['conformanceProfile'];

export interface Profile extends Omit<z.output<typeof profileFile>, 'overrides'> {
  name: string;
  expectations: Expectations;
}

/** A file that is not a valid profile. */
export class ProfileInvalid extends Error {
  override readonly name = 'ProfileInvalid';
}

function parse<Shape extends z.ZodType>(schema: Shape, name: string, content: unknown): z.output<Shape> {
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new ProfileInvalid(`${name}: ${problems.join('; ')}`);
}

/** @throws ProfileInvalid with the fields that are invalid */
export function parseProfile(name: string, content: unknown, modules: unknown): Profile {
  const { overrides, ...profile } = parse(profileFile, name, content);
  const shared = parse(expectations, 'modules.json', modules);
  return { ...profile, name, expectations: { ...shared, ...overrides } };
}

export const expectationOf = ({ expectations: all }: Profile, module: string): Expectation =>
  all[module] ?? { result: 'passed' };

const folder = import.meta.dirname;
const readJson = (...path: string[]): unknown => JSON.parse(readFileSync(join(folder, ...path), 'utf8'));

/** All profiles, by name. @throws ProfileInvalid */
export function readProfiles(): Profile[] {
  const modules = readJson('modules.json');
  return readdirSync(join(folder, 'profiles'))
    .filter((file) => file.endsWith('.json'))
    .toSorted()
    .map((file) => parseProfile(file.replace(/\.json$/, ''), readJson('profiles', file), modules));
}
