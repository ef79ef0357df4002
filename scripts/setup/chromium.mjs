// A Chromium for the browser tests.
import { existsSync } from "node:fs";
import { aptInstall } from "./apt.mjs";
import { say } from "./shell.mjs";

const places = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/** The path of a Chromium, installed with apt if need be; undefined where there is none to be had. */
export function ensureChromium() {
  const find = () => [process.env.SAELAB_CHROMIUM, ...places].find((path) => path && existsSync(path));
  const found = find() ?? (aptInstall(["chromium", "fonts-dejavu-core"]) ? find() : undefined);
  if (!found) {
    say("no Chromium found: the browser tests will be skipped (install chromium, or set SAELAB_CHROMIUM)");
  }
  return found;
}
