/** Why the data folder or its embedded database cannot be used. */

/** The words for each code are in `views/texts/en.json` under `local_failures`. */
export const localFailures = [
  'database_of_other_version',
  'database_stopped',
  'database_unreachable',
  'disk_full',
  'folder_of_other_user',
  'folder_taken',
  'no_database',
  'postgres_missing',
  'postgres_not_started',
  'postgres_program',
  'postgres_program_as_nobody',
  'postgres_still_runs',
  'server_database_absent',
  'server_database_silent',
  'server_runs',
  'worker_not_started',
] as const;

type Code = (typeof localFailures)[number];

/** Thrown with a code and values, which become a message for the person who runs the program. */
export class LocalFailure extends Error {
  override readonly name = 'LocalFailure';
  readonly code: Code;
  /** Values for the placeholders in the words. */
  readonly values: Readonly<Record<string, string | number>>;

  constructor(code: Code, values: Record<string, string | number>, options?: ErrorOptions) {
    super(code, options);
    this.code = code;
    this.values = values;
  }
}
