// Grammars are scripts of others, which are not checked: this stands for the module that imports them.
import type { Grammar } from '../vendor/highlight/core.min.js';

export const grammars: Map<string, () => Promise<{ default: Grammar }>>;
export const inner: Map<string, string[]>;
