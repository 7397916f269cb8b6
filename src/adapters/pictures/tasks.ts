/** What the program may ask of a picture worker, and how errors cross between them. */
import { AppError, type ErrorCode, isErrorCode } from "../../core/errors.ts";
import type { PathText } from "../../core/inbox/path-text.ts";
import type { FitReport } from "../../core/lut/fit/report.ts";
import type { RgbPicture } from "../../core/lut/hald.ts";
import type * as ports from "../../ports.ts";

export type Tasks = {
  readonly fingerprint: { readonly asks: { readonly file: PathText }; readonly gives: ports.Fingerprint };
  readonly inspectRaw: {
    readonly asks: { readonly file: PathText; readonly way: ports.RawWay };
    readonly gives: ports.PictureInfo;
  };
  readonly develop: { readonly asks: ports.DevelopRequest; readonly gives: ports.DevelopReport };
  readonly plate: {
    readonly asks: ports.PlateRequest;
    readonly gives: { readonly sha256: string; readonly sizeBytes: number };
  };
  readonly paint: { readonly asks: ports.PaintRequest; readonly gives: undefined };
  readonly prove: { readonly asks: ports.ProveRequest; readonly gives: ports.ProveReport };
  readonly fit: { readonly asks: ports.FitRequest; readonly gives: FitReport };
  readonly outside: { readonly asks: ports.OutsideRequest; readonly gives: readonly number[] };
  readonly exportLook: { readonly asks: ports.ExportRequest; readonly gives: undefined };
  readonly render: { readonly asks: ports.RenderRequest; readonly gives: ports.RenderReport };
  readonly readRgb: { readonly asks: { readonly file: PathText }; readonly gives: RgbPicture };
  readonly writeRgb: { readonly asks: ports.RgbRequest; readonly gives: undefined };
  readonly contactSheet: { readonly asks: ports.SheetRequest; readonly gives: undefined };
  readonly verify: { readonly asks: ports.VerifyRequest; readonly gives: ports.VerifyReport };
};

export type TaskName = keyof Tasks;

export type ToWorker =
  | { readonly kind: "run"; readonly id: number; readonly name: string; readonly asks: unknown }
  | { readonly kind: "abort"; readonly id: number };

export type FromWorker =
  | { readonly kind: "done"; readonly id: number; readonly gives: unknown }
  | { readonly kind: "failed"; readonly id: number; readonly failure: Crossing };

/** An error as plain values: classes do not survive the way between processes. */
export type Crossing = {
  readonly code: string;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly stack: string | undefined;
};

export function crossing(thrown: unknown): Crossing {
  const stack = thrown instanceof Error ? thrown.stack : undefined;
  if (thrown instanceof AppError) {
    const cause = thrown.cause instanceof Error ? `\n[cause] ${thrown.cause.message}` : "";
    return { code: thrown.code, message: thrown.message, data: thrown.data, stack: stack && stack + cause };
  }
  return { code: "internal", message: thrown instanceof Error ? thrown.message : String(thrown), data: {}, stack };
}

export function crossed({ code, message, data, stack }: Crossing): AppError {
  const known: ErrorCode = isErrorCode(code) ? code : "internal";
  const error = new AppError(known, message, data);
  if (stack) error.stack = stack;
  return error;
}
