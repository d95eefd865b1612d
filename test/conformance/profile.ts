/** What is run and what should come of it: the files in profiles/, and modules.json for what holds in all of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** As the suite calls them, in the order of the tables. `review`: a person must look at a stored page. */
export const outcomes = ['passed', 'warning', 'review', 'skipped', 'failed'] as const;
export type Outcome = (typeof outcomes)[number];

/** What the suite's browser meets when it is not simply to sign in and go back to the app (pages.ts). */
export const scenes = [
  'sign-in-again',
  'consent',
  'unknown-redirect',
  'invalid-request',
  'refused-sign-out',
  'unknown-sign-out',
  'asked-to-sign-out',
  'signed-out',
] as const;
export type Scene = (typeof scenes)[number];

const expectation = z
  .strictObject({
    result: z.enum(outcomes).default('passed'),
    /** Why it is not passed, and why that is right. */
    reason: z.string().min(20).optional(),
    scene: z.enum(scenes).optional(),
  })
  .refine(({ result, reason }) => (result === 'passed') === (reason === undefined), {
    message: 'a result other than passed needs a reason, and only that',
  });
export type Expectation = z.output<typeof expectation>;

/** By the module's name. What is not listed is expected to pass. */
const expectations = z.record(z.string().startsWith('oidcc-'), expectation);
export type Expectations = z.output<typeof expectations>;

const profileFile = z
  .strictObject({
    about: z.string(),
    /** As the OpenID Foundation lists it. */
    certification: z.string(),
    plan: z.string().regex(/^[\w-]+-test-plan$/),
    variant: z.record(z.string(), z.string()),
    /** Off: the provider runs as it comes, and its clients are registered as any others. */
    conformanceProfile: z.enum(['on', 'off']).default('on'),
    /** How its clients come to be: registered by an operator, or by the suite itself (RFC 7591). */
    clients: z.enum(['none', 'static', 'dynamic']),
    /** What clients that an operator registers are told of sign-outs by. */
    logout: z.enum(['back-channel', 'front-channel']).optional(),
    /** How many modules the plan has; another number means that the suite has changed. */
    modules: z.int().positive(),
    /** In place of what modules.json says. */
    instead: expectations.default({}),
  })
  .refine(({ clients, conformanceProfile }) => clients !== 'dynamic' || conformanceProfile === 'on', {
    message: 'clients register themselves only where conformanceProfile is on',
  });

/** Whether the provider runs with CONFORMANCE_PROFILE. */
export type ConformanceProfile = z.output<typeof profileFile>['conformanceProfile'];

export interface Profile extends Omit<z.output<typeof profileFile>, 'instead'> {
  name: string;
  expectations: Expectations;
}

/** A file that does not say what it must. */
export class ProfileInvalid extends Error {
  override readonly name = 'ProfileInvalid';
}

function parse<Shape extends z.ZodType>(schema: Shape, name: string, content: unknown): z.output<Shape> {
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new ProfileInvalid(`${name}: ${problems.join('; ')}`);
}

/** @throws ProfileInvalid naming what is wrong */
export function parseProfile(name: string, content: unknown, modules: unknown): Profile {
  const { instead, ...profile } = parse(profileFile, name, content);
  const shared = parse(expectations, 'modules.json', modules);
  return { ...profile, name, expectations: { ...shared, ...instead } };
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
