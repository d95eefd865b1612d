/** The name of a device: browser and operating system. */
import Bowser from 'bowser';

/** @returns `Firefox on Windows`, from a User-Agent header; `Unknown device` when the header says neither */
export function describeDevice(userAgent: string | undefined): string {
  if (!userAgent) return 'Unknown device';
  const { browser, os, platform } = Bowser.parse(userAgent);
  // Bowser returns an empty string for an unknown model or system.
  const system = platform.model || os.name;
  if (browser.name && system) return `${browser.name} on ${system}`;
  return browser.name || system || 'Unknown device';
}
