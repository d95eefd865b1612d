/** The interface of a client: how it is installed, registered, started, and used by a person. */
import type { Installation } from './install.ts';

export interface Client {
  /** Its folder, and its name in the table. */
  name: string;
  /** Part of `--quick`. */
  isQuick: boolean;
  /** Options of `frontdesk clients register`, by the client's own documentation. */
  registration: {
    kind: 'web' | 'single-page' | 'native';
    redirectPath: string;
    postLogoutPath?: string;
  };
  /** @throws NotInstalled */
  install(): Promise<Installation>;
  start(site: Site): void | Promise<void>;
  /** How a person starts a sign-in. */
  signIn: Steps;
  /** How a person signs out; undefined when the client does not offer it. */
  signOut?: Steps & { ends: 'the session' | 'the app' };
  /** Claims that the page shows after a sign-in: name and e-mail address by default. */
  shows?: (person: Person) => string[];
}

/** A path of the client, and what is clicked there. */
export interface Steps {
  path: string;
  /** Selector of Playwright. */
  click?: string;
}

export interface Person {
  name: string;
  username: string;
  email: string;
  password: string;
}

/** A registered client, at an address of its own. */
export interface Site {
  issuer: string;
  clientId: string;
  /** Empty for a public client. */
  clientSecret: string;
  /** Origin. */
  url: string;
  port: number;
  redirectUri: string;
  /** Folder of the installation. */
  folder: string;
  /** An empty folder of this run. */
  scratch: string;
  /** The client's own folder in this repository. */
  sources: string;
  /** Starts a program of the client, with ISSUER, CLIENT_ID, CLIENT_SECRET, URL and PORT in its environment. */
  start: (command: string, args: string[], environment?: Record<string, string>) => void;
}
