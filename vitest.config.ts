import { defineConfig } from "vitest/config";
import { PlainReporter } from "./test/plain-reporter.js";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores: many suites start a kernel, a server or a browser of their own.
    maxWorkers: 2,
    reporters: ["default", new PlainReporter()],
  },
});
