// What we use of Temml.
declare const temml: {
  render(tex: string, place: HTMLElement, how: { displayMode: boolean; annotate: boolean; throwOnError: boolean; trust: boolean; maxExpand: number; maxSize: [number, number] }): void;
};
export default temml;
