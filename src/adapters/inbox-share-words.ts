/** What passes between the program and the process of a share, and how errors cross: ours as ours, the system's as its own. */
import { AppError, isErrorCode } from "../core/errors.ts";
import type { ShareCall } from "../ports-shares.ts";

export type ToShareWorker = { readonly id: number; readonly what: ShareCall; readonly args: readonly unknown[] };

/** The answer to `id`; 0 says that it is ready to be asked. */
export type FromShareWorker =
  | { readonly id: number; readonly gives: unknown; readonly failure?: undefined }
  | { readonly id: number; readonly failure: ShareFailure };

export type ShareFailure = {
  readonly isOurs: boolean;
  readonly code: string;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
};

export function crossShare(thrown: unknown): ShareFailure {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (thrown instanceof AppError) return { isOurs: true, code: thrown.code, message, data: thrown.data };
  return { isOurs: false, code: String((thrown as NodeJS.ErrnoException | null)?.code ?? ""), message, data: {} };
}

export function crossedShare({ isOurs, code, message, data }: ShareFailure): Error {
  if (isOurs) return new AppError(isErrorCode(code) ? code : "internal", message, data);
  return code === "" ? new Error(message) : Object.assign(new Error(message), { code });
}
