import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/{unit,contract,e2e}/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    pool: "forks",
    // By default one on two cores; most of the time a test waits for the program or for quiet in a folder.
    maxWorkers: 2,
  },
});
