/** A browser in words that its owner recognises. */
import Bowser from 'bowser';

/** `Firefox on Windows`, from the header that browsers send; `Unknown device` when it says nothing. */
export function describeDevice(userAgent: string | undefined): string {
  if (!userAgent) return 'Unknown device';
  const { browser, os, platform } = Bowser.parse(userAgent);
  // What the library does not know is an empty text.
  const where = platform.model || os.name;
  if (browser.name && where) return `${browser.name} on ${where}`;
  return browser.name || where || 'Unknown device';
}
