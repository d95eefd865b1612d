/**
 * Replaces the clock of a process (`node --import`) by one that is `CLOCK_SHIFT` seconds ahead, or behind when that is
 * negative. SIGUSR2 changes the sign: a clock that was ahead is then behind.
 */
let shift = Number(process.env['CLOCK_SHIFT']) * 1000;
const machineDate = Date;
const now = () => machineDate.now() + shift;

globalThis.Date = class extends machineDate {
  constructor(...args: [] | ConstructorParameters<typeof Date>) {
    if (args.length === 0) super(now());
    else super(...args);
  }
  static override now = now;
} as DateConstructor;

process.on('SIGUSR2', () => (shift = -shift));
