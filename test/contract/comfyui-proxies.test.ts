/** A ComfyUI behind something: a path prefix, a token, headers, TLS. Our client works through each, or says what is wrong. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { PathText } from "../../src/core/inbox/path-text.ts";
import { openRig, type Rig, use } from "../support/backend-rig.ts";
import { type ComfyuiOptions, startComfyui } from "../support/comfyui.ts";
import { makeProject } from "../support/program.ts";

const TLS = join(import.meta.dirname, "../fixtures/tls");
const tls = { key: readFileSync(join(TLS, "server.key"), "utf8"), cert: readFileSync(join(TLS, "server.pem"), "utf8") };
const AUTHORITY = join(TLS, "authority.pem");
const POLL = { timeout: 15_000, interval: 10 };

/** Plate up, prompt, socket, picture down, cancel. */
async function everything({ backend, server, folder, submission }: Rig): Promise<void> {
  const heard = new Set<string | null>();
  backend.onNudge((ticket) => heard.add(ticket));
  await server.until((each) => each.socketCount() === 1);
  await backend.probe();
  const done = await submission();
  await backend.submit(done);
  await expect.poll(() => backend.progress(done), POLL).toMatchObject({ kind: "finished" });
  const progress = await backend.progress(done);
  const to = join(folder, "result.png") as PathText;
  if (progress.kind === "finished") await backend.picture(done, progress.pictures[0]!, to);
  expect(heard).toContain(done.ticket);
  expect((await backend.check([use("small")])).filter(({ level }) => level === "error")).toEqual([]);
  server.hold();
  const other = await submission({ seed: 9 });
  await backend.submit(other);
  await backend.cancel(other.ticket);
  expect(server.remaining()).toBe(0);
}

const FRONTS: readonly (readonly [string, ComfyuiOptions, Readonly<Record<string, unknown>>])[] = [
  ["a path prefix", { prefix: "/gpu/comfy" }, {}],
  ["a path prefix, with jobs to cancel", { prefix: "/gpu/comfy", version: "0.4.0" }, {}],
  ["a token", { token: "secret" }, { token: "secret" }],
  [
    "headers",
    { wants: { "X-Api-Key": "key", "X-Team": "photo" } },
    { headers: { "X-Api-Key": "key", "X-Team": "photo" } },
  ],
  ["a prefix and a token", { prefix: "/a", token: "secret" }, { token: "secret" }],
];

test.each(FRONTS)("everything works through %s", async (_, server, config) => {
  await using rig = await openRig({ server, config });
  await everything(rig);
});

test("without the token, or with another, the answer says what is wanted", async () => {
  for (const [config, wanted] of [
    [{}, "a `token`"],
    [{ token: "old" }, "another `token`"],
  ] as const) {
    await using rig = await openRig({ server: { token: "secret" }, config });
    const refused = { code: "backend-unreachable", message: expect.stringContaining(`(401): it wants ${wanted}`) };
    await expect(rig.backend.probe()).rejects.toMatchObject(refused);
    expect((await rig.backend.check([use("small")]))[0]).toMatchObject({ level: "error", ...refused });
  }
});

test("without its path prefix a proxy's 404 is no ComfyUI", async () => {
  await using rig = await openRig({ server: { prefix: "/comfy" } });
  await using bare = await openRig({ config: { url: new URL(rig.server.url).origin } });
  await expect(bare.backend.probe()).rejects.toMatchObject({ code: "backend-not-comfyui" });
});

test("a certificate nobody vouches for is told as that, with what to give, and nothing was sent", async () => {
  await using rig = await openRig({ server: { tls } });
  await expect(rig.backend.probe()).rejects.toMatchObject({
    code: "backend-unreachable",
    message: expect.stringMatching(
      /its certificate is not trusted \(UNABLE\w+\); name its authority's PEM file under `ca`/,
    ),
    data: { unsure: false },
  });
  expect(rig.server.requests.size).toBe(0);
});

test("everything works where the certificate's authority is given", async () => {
  const config = { ca: readFileSync(AUTHORITY, "utf8"), token: "secret" };
  await using rig = await openRig({ server: { tls, prefix: "/comfy", token: "secret" }, config });
  await everything(rig);
});

test("`ca` is a path from the project's folder; a file that is no certificate is a mistake of the configuration", async () => {
  await using server = await startComfyui({ tls });
  const config = (ca: string) => `backends: [{ name: gpu-1, kind: comfyui, url: "${server.url}", ca: ${ca} }]`;
  const good = makeProject(config(AUTHORITY));
  const bad = makeProject(config("hotgrade.yaml"));
  try {
    expect(await good.run("check")).toMatchObject({ code: 0, stdout: expect.stringContaining(`at ${server.url}`) });
    expect(await bad.run("check")).toMatchObject({ code: 2, stderr: expect.stringContaining("config-invalid") });
  } finally {
    good.remove();
    bad.remove();
  }
});
