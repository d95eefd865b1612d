/** Rules for the suite's browser on our pages, chosen by the address that the suite opens. */
import { loadTexts } from '../../src/platform/texts.ts';
import type { Profile, BrowserSteps } from './profile.ts';

/**
 * A command for the suite's browser: `wait` has seconds, a pattern and an action. With `optional` as the last element,
 * the command is skipped when its element is not on the page.
 */
type Command = (string | number)[];
interface Task {
  task: string;
  /** `*` is the only wildcard. */
  match: string;
  /** Skipped when the address does not match. */
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

const timeoutSeconds = 15;
const pattern = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Waits for a text, and stores the page for review when the module asks for one. */
const storePage = (text: string, isOptional = false): Command => {
  const action = isOptional ? 'update-image-placeholder-optional' : 'update-image-placeholder';
  return ['wait', 'xpath', '//*', timeoutSeconds, pattern(text), action];
};

export function createPages({ issuer, login, password }: Visitor) {
  const texts = loadTexts();
  const authorization = `${issuer}/oauth/authorize*`;
  const signOut = `${issuer}/oauth/logout*`;
  const interaction = `${issuer}/interaction/*`;
  const submit: Command = ['click', 'css', 'button[type=submit]'];

  const signIn = (before: Command[] = []): Task => ({
    task: 'Sign in',
    match: interaction,
    optional: true,
    commands: [
      ...before,
      ['text', 'name', 'login', login, 'optional'],
      ['text', 'name', 'password', password, 'optional'],
      submit,
    ],
  });
  const consent: Task = { task: 'Allow', match: interaction, optional: true, commands: [submit] };
  /** The page that posts the response to the app submits itself; this is for a browser that does not wait for that. */
  const formPost: Task = { task: 'Post the response', match: authorization, optional: true, commands: [submit] };
  const atApp: Task = {
    task: 'Back at the app',
    match: '*/test/*/callback*',
    commands: [['wait', 'id', 'submission_complete', timeoutSeconds]],
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
  /** A receipt redirects to the app. */
  const receipt: Task = {
    task: 'Receipt',
    match: `${issuer}/sign-out/receipt/*`,
    optional: true,
    commands: [['wait', 'contains', '/post_logout_redirect', timeoutSeconds]],
  };
  const signingOut: Rule = {
    match: signOut,
    tasks: [confirm, receipt, { task: 'Back at the app', match: '*/test/*/post_logout_redirect*' }],
  };
  const lastTask = (task: string, match: string, ...commands: Command[]): Task => ({ task, match, commands });

  const storesPage = (match: string, key: string): Rule => ({
    match,
    tasks: [lastTask(key, match, storePage(texts(key)))],
  });

  const browserSteps: Record<BrowserSteps, Rule[]> = {
    'sign-in-again': [signingIn([storePage(texts('sign_in.submit'), true)])],
    consent: [
      {
        match: authorization,
        tasks: [signIn(), lastTask('Consent', interaction, storePage(texts('consent.allow')))],
      },
    ],
    'unregistered-redirect-uri': [storesPage(authorization, 'error.invalid_redirect_uri.heading')],
    'invalid-request': [storesPage(authorization, 'error.invalid_request.heading')],
    'unregistered-post-logout-redirect-uri': [signingIn(), storesPage(signOut, 'sign_out.problems.address')],
    'invalid-logout-request': [signingIn(), storesPage(signOut, 'sign_out.problems.request')],
    'sign-out-confirmation': [signingIn(), storesPage(signOut, 'sign_out.heading')],
    'signed-out': [
      signingIn(),
      { match: signOut, tasks: [confirm, lastTask('Signed out', '*', storePage(texts('signed_out.heading')))] },
    ],
  };

  return {
    rules: [signingIn(), signingOut],
    /** Module → the rules that replace the others. */
    override({ expectations }: Profile): Record<string, { browser: Rule[] }> {
      return Object.fromEntries(
        Object.entries(expectations).flatMap(([module, { steps }]) =>
          steps ? [[module, { browser: browserSteps[steps] }]] : [],
        ),
      );
    },
  };
}
