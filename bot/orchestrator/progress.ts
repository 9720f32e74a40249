/** What a long run says while it goes; the command line draws it, tests and services may keep it. */
export type ProgressEvent =
  | { readonly kind: 'phase'; readonly phase: string; readonly message: string }
  | { readonly kind: 'step'; readonly phase: string; readonly done: number; readonly total: number }
  | { readonly kind: 'done'; readonly phase: string; readonly message: string };

export type Progress = (event: ProgressEvent) => void;
