// Draws TeX as MathML and holds what comes of it to what a formula needs: a model wrote the TeX.

const ELEMENTS = new Set(
  'math semantics annotation mrow mi mo mn ms mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mmultiscripts mprescripts none mtable mtr mtd mpadded mphantom mstyle menclose'.split(' '),
);
const ATTRIBUTES = new Set(
  `accent accentunder class columnalign columnlines columnspacing depth display displaystyle encoding fence form height largeop linebreak linethickness lspace mathbackground mathcolor
  mathsize mathvariant maxsize minsize movablelimits notation rowlines rowspacing rspace scriptlevel separator stretchy style symmetric voffset width`.split(/\s+/),
);
const MATHML = 'http://www.w3.org/1998/Math/MathML';
const MAX_ELEMENTS = 5000;
const MAX_CELLS = 3000; // each row gets as many cells as the longest has
const MAX_DEPTH = 80; // browsers lay out by recursion
const MAX_CHARS = 4000;
const MAX_CHARS_OF_DEFINITIONS = 1000;
const DEFINITION = /\\(?:[gex]?def|(?:re)?newcommand|providecommand|let|futurelet)(?![a-zA-Z])/;
const EM_OF = { em: 1, ex: 0.5, pt: 1 / 12, px: 1 / 16, pc: 1, cm: 2.4, mm: 0.24, in: 6 };
const LENGTH = new RegExp(`(-?[\\d.]+)(${Object.keys(EM_OF).join('|')})\\b`, 'g');
const MAX_EM = 25;
const MIN_EM = -5; // what is moved further covers the text around it

/** A formula that is not drawn. `code` is a text of ours; `reason` is what Temml says of the TeX. */
export class BadFormula extends Error {
  /** @param {string} code @param {string} [reason] */
  constructor(code, reason = '') {
    super(reason || code);
    this.code = code;
    this.reason = reason;
  }
}

/**
 * Return the `math` element of a formula. Throws BadFormula for whatever can't or must not be drawn.
 *
 * @param {typeof import('../vendor/temml.mjs').default} temml
 * @param {string} tex
 * @param {boolean} isDisplay
 * @returns {Element}
 */
export function mathOf(temml, tex, isDisplay) {
  const defines = DEFINITION.test(tex);
  if (tex.length > (defines ? MAX_CHARS_OF_DEFINITIONS : MAX_CHARS) || cellsOf(tex) > MAX_CELLS) throw new BadFormula('formula_too_large');
  // Each expansion of a macro of the model's may add nearly all of the formula once more.
  const maxExpand = defines ? Math.max(20, Math.min(200, Math.floor(20_000 / tex.length))) : 1000;
  const place = document.createElement('div');
  try {
    temml.render(tex, place, { displayMode: isDisplay, annotate: true, throwOnError: true, trust: false, maxExpand, maxSize: [MAX_EM, MAX_EM * 12] });
  } catch (error) {
    throw new BadFormula('formula_unknown', error.name === 'ParseError' ? said(error) : '');
  }
  const math = place.firstElementChild;
  if (!math || place.childNodes.length !== 1 || math.localName !== 'math') throw new BadFormula('formula_refused');
  hold(math);
  return math;
}

/** Return the most cells that a table in a formula can have. @param {string} tex */
function cellsOf(tex) {
  const rows = tex.split(/\\\\|\\cr/);
  return rows.length * Math.max(...rows.map((row) => row.split('&').length));
}

/** Return what Temml says in one short line, without the marks that it sets below the place. @param {Error} error */
const said = (error) => error.message.replaceAll('\u0332', '').replace(/\s+/g, ' ').trim().slice(0, 200);

/** Refuse what is no MathML or too large, and take every attribute away that is not known. @param {Element} math */
function hold(math) {
  const open = /** @type {[Element, number][]} */ ([[math, 1]]);
  let count = 0;
  for (let next = open.pop(); next; next = open.pop()) {
    const [element, depth] = next;
    if (++count > MAX_ELEMENTS || depth > MAX_DEPTH) throw new BadFormula('formula_too_large');
    if (element.namespaceURI !== MATHML || !ELEMENTS.has(element.localName)) {
      if (!isEmptySpan(element)) throw new BadFormula('formula_refused');
    }
    for (const { name, value } of [...element.attributes]) holdAttribute(element, name, value);
    for (const child of element.children) open.push([child, depth + 1]);
  }
}

/** Temml has it where the number of an equation would stand. @param {Element} element */
const isEmptySpan = (element) => element.localName === 'span' && !element.firstChild && element.className === 'tml-eqn';

/** @param {Element} element @param {string} name @param {string} value */
function holdAttribute(element, name, value) {
  const isNested = name === 'mathsize' && element.parentElement?.closest('[mathsize]'); // sizes of sizes multiply
  const isForeignStyle = name === 'style' && /url|image|fixed|sticky|var\(|z-index/i.test(value);
  if (!ATTRIBUTES.has(name) || isNested || isForeignStyle) element.removeAttribute(name);
  for (const [, length, unit] of value.matchAll(LENGTH)) {
    const em = Number(length) * EM_OF[/** @type {keyof typeof EM_OF} */ (unit)];
    if (em > MAX_EM || em < MIN_EM) throw new BadFormula('formula_too_large');
  }
}
