/** What a client of an interop run is: how it is installed, registered, started, and used by a person. */
import type { Installation } from './install.ts';

export interface Client {
  /** Its folder, and its name in the table. */
  name: string;
  /** Part of `--quick`. */
  isQuick: boolean;
  /** Options of `frontdesk clients register` that its own documentation asks for. */
  registration: {
    kind: 'web' | 'single-page' | 'native';
    redirectPath: string;
    postLogoutPath?: string;
  };
  /** @throws NotInstalled */
  install(): Promise<Installation>;
  start(site: Site): void | Promise<void>;
  /** Where a person begins. */
  signIn: Steps;
  /** Absent: the client offers none. */
  signOut?: Steps & { ends: 'the session' | 'the app' };
  /** What it shows of the person; the name and the e-mail address when left out. */
  shows?: (person: Person) => string[];
}

/** A path of the client, and what is pressed there. */
export interface Steps {
  path: string;
  press?: string;
}

export interface Person {
  name: string;
  username: string;
  email: string;
  password: string;
}

/** One client as it was registered, on an address of its own. */
export interface Site {
  issuer: string;
  clientId: string;
  /** Empty for a public client. */
  clientSecret: string;
  /** Origin, without a slash at the end. */
  url: string;
  port: number;
  redirectUri: string;
  /** Where it was installed. */
  folder: string;
  /** An empty folder of this run. */
  scratch: string;
  /** The client's own folder in this repository. */
  sources: string;
  /** Starts the client. Names and addresses above are in its environment as ISSUER, CLIENT_ID, CLIENT_SECRET, URL, PORT. */
  start: (command: string, args: string[], environment?: Record<string, string>) => void;
}
