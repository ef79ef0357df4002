import { defineConfig } from "vitest/config";
import { PlainReporter } from "./test/plain-reporter.js";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores: many suites start a kernel, a server or a browser of their own.
    maxWorkers: 2,
    // A page or a kernel of another project can miss a click once: CI tries again, and the report names the test.
    retry: process.env.CI ? 1 : 0,
    reporters: ["default", new PlainReporter()],
  },
});
