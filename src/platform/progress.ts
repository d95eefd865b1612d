/** The steps of opening a database, reported while somebody waits. */

/** `waiting_for_folder`: another process uses the data folder. */
export type Step =
  | 'waiting_for_folder'
  | 'making_database'
  | 'starting_database'
  | 'restarting_database'
  | 'applying_migrations';

/** A function that is called when a step begins. */
export type OnStep = (step: Step) => void;
