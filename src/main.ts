/** The `frontdesk` program: finds the command, runs it, sets the exit code. */
import { commands } from './commands/commands.ts';
import { help } from './commands/help.ts';
import { processIo, runCommand } from './commands/run-command.ts';

process.exitCode = await runCommand([...commands, help(commands)], process.argv.slice(2), processIo);

// A connection that hangs while it is closed would keep the process alive for ever. The timer itself does not.
const maxExitMilliseconds = 3_000;
setTimeout(() => process.exit(), maxExitMilliseconds).unref();
