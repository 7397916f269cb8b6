/** The queue of prompts: a heap by number, then prompt id, listed in heap order as Python's heapq keeps it. */

export type Item = {
  readonly number: number;
  readonly promptId: string;
  readonly graph: unknown;
  /** As it was sent; what is no object ends the worker. */
  readonly extra: unknown;
  readonly outputs: readonly string[];
};

export type Queue = {
  readonly pending: readonly Item[];
  /** Throws, with the item queued all the same, where number and id are both taken. */
  put(item: Item): void;
  take(): Item | undefined;
  /** Removes the first with that id. */
  remove(promptId: string): boolean;
  clear(): void;
};

export function queue(): Queue {
  const heap: Item[] = [];
  const swap = (a: number, b: number): void => {
    [heap[a], heap[b]] = [heap[b]!, heap[a]!];
  };
  function rise(at: number): void {
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(heap[at]!, heap[parent]!)) return;
      swap(at, parent);
      at = parent;
    }
  }
  function sink(at: number): void {
    for (;;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let least = at;
      if (left < heap.length && isBefore(heap[left]!, heap[least]!, false)) least = left;
      if (right < heap.length && isBefore(heap[right]!, heap[least]!, false)) least = right;
      if (least === at) return;
      swap(at, least);
      at = least;
    }
  }
  return {
    pending: heap,
    put(item) {
      heap.push(item);
      rise(heap.length - 1);
    },
    take() {
      const first = heap[0];
      const last = heap.pop();
      if (last && heap.length > 0) {
        heap[0] = last;
        sink(0);
      }
      return first;
    },
    remove(promptId) {
      const at = heap.findIndex((item) => item.promptId === promptId);
      if (at < 0) return false;
      heap.splice(at, 1);
      for (let parent = (heap.length >> 1) - 1; parent >= 0; parent--) sink(parent);
      return true;
    },
    clear: () => void heap.splice(0),
  };
}

function isBefore(a: Item, b: Item, strict = true): boolean {
  if (a.number !== b.number) return a.number < b.number;
  if (a.promptId !== b.promptId) return a.promptId < b.promptId;
  if (strict) throw new TypeError("'<' not supported between instances of 'dict' and 'dict'");
  return false;
}
