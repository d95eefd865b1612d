/** The `frontdesk` program: finds the command, runs it, sets the exit code. */
import { commands } from './commands/commands.ts';
import { help } from './commands/help.ts';
import { processIo, runCommand } from './commands/run-command.ts';

process.exitCode = await runCommand([...commands, help(commands)], process.argv.slice(2), processIo);
