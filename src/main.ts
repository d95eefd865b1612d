/** The `frontdesk` program: finds the command, runs it, sets the exit code. */
import { commands } from './commands/commands.ts';
import { help } from './commands/help.ts';
import { processIo, runCommand } from './commands/run-command.ts';

process.exitCode = await runCommand([...commands, help(commands)], process.argv.slice(2), processIo);

// A connection that does not answer would keep the process alive for ever. The timer itself keeps nothing alive.
const maxExitMilliseconds = 3_000;
setTimeout(() => process.exit(), maxExitMilliseconds).unref();
