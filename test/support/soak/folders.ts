/** The folders of a soak, and the files that people and programs put into them: each drop, its way and its fate. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import * as fs from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { contentOf, nameOf, rawOf } from "./contents.ts";
import type { Drop, InboxName, Kind } from "./plan.ts";

/** What has become of a drop: where its files lie now, and the bytes that count. */
export type Landed = {
  readonly drop: Drop;
  /** What it turned out to be: a copy without anything to copy is a photo. */
  readonly kind: Kind;
  /** Relative to the inbox; null once it was deleted. */
  path: string | null;
  /** The RAW of a pair. */
  readonly second: string | null;
  /** The drop whose bytes it has. */
  readonly of: number;
  version: number;
};

const CHUNKS = 6;

export function openFolders(root: string, seed: number) {
  const landed: Landed[] = [];
  const away = join(root, ".card-away");
  let isCardAway = false;
  let cardBusy = 0;
  const inboxOf = (inbox: InboxName): string => join(root, inbox);

  /** Drops and disturbances of the card take turns. */
  async function whileThere<T>(inbox: InboxName, act: () => Promise<T>): Promise<T> {
    if (inbox !== "card") return act();
    while (isCardAway) await sleep(50);
    cardBusy++;
    try {
      return await act();
    } finally {
      cardBusy--;
    }
  }

  async function put(drop: Drop, file: string, bytes: Buffer): Promise<void> {
    mkdirSync(dirname(file), { recursive: true });
    const half = Math.floor(bytes.length / 2);
    switch (drop.way) {
      case "whole":
        return fs.writeFile(file, bytes);
      case "slowly": {
        const handle = await fs.open(file, "w");
        for (let nth = 0; nth < CHUNKS; nth++) {
          const [from, to] = [nth, nth + 1].map((part) => Math.floor((part * bytes.length) / CHUNKS));
          await handle.write(bytes.subarray(from, to));
          await sleep(drop.spanMs / CHUNKS);
        }
        return handle.close();
      }
      case "renamed":
        await fs.writeFile(`${file}.part`, bytes.subarray(0, half));
        await fs.appendFile(`${file}.part`, bytes.subarray(half));
        return fs.rename(`${file}.part`, file);
      case "linked": {
        const elsewhere = join(root, `elsewhere-${drop.nth}`);
        await fs.writeFile(elsewhere, bytes);
        return fs.link(elsewhere, file);
      }
      case "moved": {
        const folder = join(root, `folder-${drop.nth}`);
        mkdirSync(folder);
        await fs.writeFile(join(folder, nameOf(drop)), bytes);
        return fs.rename(folder, dirname(file));
      }
    }
  }

  /** An earlier photo of the same inbox that stays as it is. */
  function copied(drop: Drop): Landed | undefined {
    const candidates = landed.filter(
      (one) => one.drop.inbox === drop.inbox && one.kind === "photo" && one.drop.fate === "stays",
    );
    return candidates[(drop.nth * 7919) % Math.max(1, candidates.length)];
  }

  function ownOutput({ nth }: Drop): Buffer | undefined {
    const outbox = join(root, "graded");
    const names = existsSync(outbox) ? readdirSync(outbox).filter((name) => /\.jpg$/i.test(name)) : [];
    const name = names[(nth * 7919) % Math.max(1, names.length)];
    return name === undefined ? undefined : readFileSync(join(outbox, name));
  }

  async function dropOne(drop: Drop): Promise<Landed> {
    const first = drop.kind === "copy" ? copied(drop) : undefined;
    const own = drop.kind === "own" ? ownOutput(drop) : undefined;
    const isOrphan = (drop.kind === "copy" && !first) || (drop.kind === "own" && !own);
    const kind: Kind = isOrphan ? "photo" : drop.kind;
    const folder = drop.way === "moved" ? join(drop.folder, `moved ${drop.nth}`) : drop.folder;
    const path = join(folder, nameOf(drop));
    const file = join(inboxOf(drop.inbox), path);
    const second = kind === "pair" ? path.replace(/\.jpe?g$/i, ".RAF") : null;
    const one: Landed = { drop, kind, path, second, of: first?.drop.nth ?? drop.nth, version: 1 };
    const bytes = own ?? (await contentOf(first?.drop ?? { ...drop, kind }, seed));
    await placeAs(kind, { drop, file, bytes, second });
    return one;
  }

  async function placeAs(kind: Kind, what: { drop: Drop; file: string; bytes: Buffer; second: string | null }) {
    const { drop, file, bytes, second } = what;
    mkdirSync(dirname(file), { recursive: true });
    switch (kind) {
      case "pair": {
        const raw = join(inboxOf(drop.inbox), second!);
        const halves: (() => Promise<void>)[] = [
          async () => fs.writeFile(raw, await rawOf(drop)),
          () => fs.writeFile(file, bytes),
        ];
        if (drop.nth % 2 === 0) halves.reverse();
        await halves[0]!();
        await sleep(drop.spanMs);
        return halves[1]!();
      }
      case "completed":
        await fs.writeFile(file, bytes.subarray(0, Math.floor(bytes.length * 0.7)));
        await sleep(drop.spanMs);
        return fs.appendFile(file, bytes.subarray(Math.floor(bytes.length * 0.7)));
      case "reserved": {
        await fs.writeFile(file, Buffer.alloc(bytes.length));
        await sleep(drop.spanMs);
        const handle = await fs.open(file, "r+");
        await handle.write(bytes, 0, bytes.length, 0);
        return handle.close();
      }
      case "outside": {
        const target = join(root, `outside-${drop.nth}.jpg`);
        await fs.writeFile(target, bytes);
        return fs.symlink(target, file);
      }
      default:
        return put(drop, file, bytes);
    }
  }

  async function meetFate(one: Landed): Promise<void> {
    const { drop } = one;
    if (drop.fate === "stays" || one.path === null) return;
    await sleep(drop.fateMs);
    await whileThere(drop.inbox, async () => {
      const file = join(inboxOf(drop.inbox), one.path!);
      if (drop.fate === "deleted") {
        await fs.unlink(file);
        one.path = null;
      } else if (drop.fate === "renamed") {
        const renamed = one.path!.replace(/(\.\w+)$/, " final$1");
        await fs.rename(file, join(inboxOf(drop.inbox), renamed));
        one.path = renamed;
      } else {
        await fs.writeFile(`${file}.tmp`, await contentOf({ ...drop, kind: one.kind }, seed, 2));
        await fs.rename(`${file}.tmp`, file);
        one.version = 2;
      }
    });
  }

  return {
    landed: landed as readonly Landed[],
    /** Puts it there in its way and lets its fate happen. */
    async drop(drop: Drop): Promise<void> {
      const one = await whileThere(drop.inbox, async () => {
        const done = await dropOne(drop);
        landed.push(done);
        return done;
      });
      await meetFate(one);
    },
    /** The card's disk is away: an empty folder is left in its place. */
    async loseMount(ms: number): Promise<void> {
      isCardAway = true;
      while (cardBusy > 0) await sleep(20);
      await fs.rename(inboxOf("card"), away);
      mkdirSync(inboxOf("card"));
      await sleep(ms);
      await fs.rm(inboxOf("card"), { recursive: true });
      await fs.rename(away, inboxOf("card"));
      isCardAway = false;
    },
  };
}
