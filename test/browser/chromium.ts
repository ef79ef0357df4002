import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** Where the browser of the tests is: `SAELAB_CHROMIUM`, else Debian's. */
export const chromiumPath = process.env.SAELAB_CHROMIUM ?? "/usr/bin/chromium";

/** Appended to the title of a suite that is skipped because there is no browser; empty if there is one. */
export const noChromium = existsSync(chromiumPath) ? "" : ` (needs Chromium at ${chromiumPath})`;

export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath,
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
}
