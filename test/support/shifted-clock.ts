/**
 * Loaded with `node --import`: a machine whose clock is `CLOCK_SHIFT` seconds ahead, or behind when it is negative. At
 * SIGUSR2 it changes to the opposite.
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
