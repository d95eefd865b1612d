/** What the suite's browser does on our pages: its rules, by the address it was sent to. */
import { loadTexts } from '../../src/platform/texts.ts';
import type { Profile, Scene } from './profile.ts';

/** `wait` takes seconds, a pattern, and what to do when it is met; a last `optional` forgives what is not there. */
type Command = (string | number)[];
interface Task {
  task: string;
  /** `*` is the only wildcard. */
  match: string;
  /** Passed over when the browser is elsewhere. */
  optional?: boolean;
  commands?: Command[];
}
export interface Rule {
  match: string;
  tasks: Task[];
}

export interface Visitor {
  issuer: string;
  login: string;
  password: string;
}

const patience = 15;
const pattern = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Waits for a text and stores the page where the module asked for one: what a person reviews. */
const storePage = (text: string, isOptional = false): Command => {
  const action = isOptional ? 'update-image-placeholder-optional' : 'update-image-placeholder';
  return ['wait', 'xpath', '//*', patience, pattern(text), action];
};

export function createPages({ issuer, login, password }: Visitor) {
  const texts = loadTexts();
  const authorization = `${issuer}/oauth/authorize*`;
  const signOut = `${issuer}/oauth/logout*`;
  const interaction = `${issuer}/interaction/*`;
  const goOn: Command = ['click', 'css', 'button[type=submit]'];

  const signIn = (before: Command[] = []): Task => ({
    task: 'Sign in',
    match: interaction,
    optional: true,
    commands: [
      ...before,
      ['text', 'name', 'login', login, 'optional'],
      ['text', 'name', 'password', password, 'optional'],
      goOn,
    ],
  });
  const consent: Task = { task: 'Allow', match: interaction, optional: true, commands: [goOn] };
  /** The page that posts the answer to the app does so by itself; this is for a browser that was too quick to see it. */
  const formPost: Task = { task: 'Post the answer', match: authorization, optional: true, commands: [goOn] };
  const atApp: Task = {
    task: 'Back at the app',
    match: '*/test/*/callback*',
    commands: [['wait', 'id', 'submission_complete', patience]],
  };
  const signingIn = (before: Command[] = []): Rule => ({
    match: authorization,
    tasks: [signIn(before), consent, formPost, atApp],
  });

  const confirm: Task = {
    task: 'Sign out',
    match: signOut,
    optional: true,
    commands: [['click', 'name', 'logout']],
  };
  /** A receipt goes on to the app by itself. */
  const receipt: Task = {
    task: 'Receipt',
    match: `${issuer}/sign-out/receipt/*`,
    optional: true,
    commands: [['wait', 'contains', '/post_logout_redirect', patience]],
  };
  const signingOut: Rule = {
    match: signOut,
    tasks: [confirm, receipt, { task: 'Back at the app', match: '*/test/*/post_logout_redirect*' }],
  };
  const stop = (task: string, match: string, ...commands: Command[]): Task => ({ task, match, commands });

  const onlyShows = (match: string, key: string): Rule => ({ match, tasks: [stop(key, match, storePage(texts(key)))] });

  const scenes: Record<Scene, Rule[]> = {
    'sign-in-again': [signingIn([storePage(texts('sign_in.submit'), true)])],
    consent: [
      {
        match: authorization,
        tasks: [signIn(), stop('Consent', interaction, storePage(texts('consent.allow')))],
      },
    ],
    'unknown-redirect': [onlyShows(authorization, 'error.invalid_redirect_uri.heading')],
    'invalid-request': [onlyShows(authorization, 'error.invalid_request.heading')],
    'refused-sign-out': [signingIn(), onlyShows(signOut, 'sign_out.problems.address')],
    'unknown-sign-out': [signingIn(), onlyShows(signOut, 'sign_out.problems.request')],
    'asked-to-sign-out': [signingIn(), onlyShows(signOut, 'sign_out.heading')],
    'signed-out': [
      signingIn(),
      { match: signOut, tasks: [confirm, stop('Signed out', '*', storePage(texts('signed_out.heading')))] },
    ],
  };

  return {
    rules: [signingIn(), signingOut],
    /** In place of the rules, by the module's name. */
    override({ expectations }: Profile): Record<string, { browser: Rule[] }> {
      return Object.fromEntries(
        Object.entries(expectations).flatMap(([module, { scene }]) =>
          scene ? [[module, { browser: scenes[scene] }]] : [],
        ),
      );
    },
  };
}
