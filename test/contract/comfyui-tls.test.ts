/** A ComfyUI behind TLS whose certificate a private authority signed. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { openRig } from "../support/backend-rig.ts";
import { startComfyui } from "../support/comfyui.ts";
import { makeProject } from "../support/program.ts";
import { AUTHORITY_FILE, startTlsFront } from "../support/tls-front.ts";

test("a certificate of a private authority is trusted where the authority is given, by requests and sockets", async () => {
  await using server = await startComfyui();
  await using front = await startTlsFront(server.port);
  const config = { url: front.url, ca: readFileSync(AUTHORITY_FILE, "utf8") };
  await using rig = await openRig({ config });
  await rig.backend.probe();
  rig.backend.onNudge(() => {});
  await server.until((each) => each.socketCount() === 1);
});

test("without it the connection is refused, and the message says what to give", async () => {
  await using server = await startComfyui();
  await using front = await startTlsFront(server.port);
  await using rig = await openRig({ config: { url: front.url } });
  await expect(rig.backend.probe()).rejects.toMatchObject({
    code: "backend-unreachable",
    message: expect.stringMatching(
      /its certificate is not trusted \(UNABLE\w+\); name its authority's PEM file under `ca`/,
    ),
  });
});

test("`ca` is a path from the project's folder; a file that is no certificate is a mistake of the configuration", async () => {
  await using server = await startComfyui();
  await using front = await startTlsFront(server.port);
  const config = (ca: string) => `backends: [{ name: gpu-1, kind: comfyui, url: "${front.url}", ca: ${ca} }]`;
  const good = makeProject(config(AUTHORITY_FILE));
  const bad = makeProject(config("hotgrade.yaml"));
  try {
    expect(await good.run("check")).toMatchObject({ code: 0, stdout: expect.stringContaining(`at ${front.url}`) });
    expect(await bad.run("check")).toMatchObject({ code: 2, stderr: expect.stringContaining("config-invalid") });
  } finally {
    good.remove();
    bad.remove();
  }
});
