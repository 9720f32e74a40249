/** Something the program knows, as text. */
export interface Fact {
  /** Of the program's own making. */
  readonly title: string;
  readonly text: string;
}
