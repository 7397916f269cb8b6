import { describe, expect, test } from "vitest";
import { inOrder, turnOf } from "../../../src/core/inbox/order.ts";
import type { PathText } from "../../../src/core/inbox/path-text.ts";

const files = (...given: readonly (readonly [string, string])[]) =>
  given.map(([path, mtimeNs]) => ({ path: path as PathText, mtimeNs }));
const paths = (items: readonly { readonly path: string }[]) => items.map(({ path }) => path);
const itself = <T>(item: T): T => item;

describe("the order of photos that have settled", () => {
  test("by name, numbers count as numbers", () => {
    const some = files(["IMG_10.jpg", "1"], ["IMG_9.jpg", "2"], ["IMG_100.jpg", "3"], ["IMG_2.jpg", "4"]);
    expect(paths(inOrder(some, "name", itself))).toEqual(["IMG_2.jpg", "IMG_9.jpg", "IMG_10.jpg", "IMG_100.jpg"]);
  });

  test("a burst within one tick keeps the order of its names, and newest reverses it", () => {
    const burst = files(["b/IMG_10.jpg", "5"], ["b/IMG_9.jpg", "5"], ["b/IMG_11.jpg", "5"]);
    const names = ["b/IMG_9.jpg", "b/IMG_10.jpg", "b/IMG_11.jpg"];
    expect(paths(inOrder(burst, "oldest", itself))).toEqual(names);
    expect(paths(inOrder(burst, "newest", itself))).toEqual(names.toReversed());
  });

  test("dates a nanosecond apart count", () => {
    const two = files(["a.jpg", "1700000000000000002"], ["b.jpg", "1700000000000000001"]);
    expect(paths(inOrder(two, "oldest", itself))).toEqual(["b.jpg", "a.jpg"]);
    expect(paths(inOrder(two, "newest", itself))).toEqual(["a.jpg", "b.jpg"]);
  });

  test("names that differ in writing alone have an order all the same", () => {
    const two = files(["a02.jpg", "1"], ["a2.jpg", "1"]);
    expect(paths(inOrder(two, "name", itself))).toEqual(paths(inOrder(two.toReversed(), "name", itself)));
  });

  test("only newest overtakes what waits", () => {
    expect([turnOf("oldest", 7), turnOf("name", 7)]).toEqual([0, 0]);
    expect(turnOf("newest", 8)).toBeLessThan(turnOf("newest", 7));
  });
});
