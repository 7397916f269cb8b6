import { describe, expect, test } from "vitest";
import { watchFailure } from "../../../src/core/inbox/watch-limits.ts";

describe("a watch that failed", () => {
  test.each([
    ["ENOSPC", "sudo sysctl fs.inotify.max_user_watches=524288"],
    ["EMFILE", "sudo sysctl fs.inotify.max_user_instances=1024"],
  ])("%s names the limit's own line and how often is looked meanwhile", (errno, line) => {
    expect(watchFailure(errno, 60_000)).toContain(line);
    expect(watchFailure(errno, 60_000)).toContain("every 60 s");
  });

  test("any other failure names itself and no limit", () => {
    expect(watchFailure("EACCES", 5_000)).toMatch(/every 5 s.*EACCES/);
    expect(watchFailure("EACCES", 5_000)).not.toContain("sysctl");
  });
});
