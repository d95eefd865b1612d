/** Runs programs in a mount namespace of their own, for tests of disks that are full or read-only. */
import { spawnSync } from 'node:child_process';

const prefix = ['unshare', ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']), '--mount', '--'];

/** @returns a command that runs the shell script, which mounts something, and then `command` */
export const withMounts = (script: string, command: readonly string[]): [string, ...string[]] => [
  'unshare',
  ...prefix.slice(1),
  ...['sh', '-c', `${script} && exec "$@"`, 'sh', ...command],
];

const [program, ...args] = withMounts('mount -t tmpfs tmpfs /mnt', ['true']);

/** What the machine lacks for tests with mounts; undefined when they can run. */
export const missingMounts = spawnSync(program, args).status === 0 ? undefined : 'this user may not mount';
