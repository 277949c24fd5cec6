// Marks of Thai written into every text that is seen, and the same with nothing around them, in pure colours on white.
({
  /** Write them; hide all else; tell where each is, in which colour, and in what it is written. Neighbours differ in colour. */
  async write() {
    const MARKS = 'ปั้ฏู';
    const shown = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body;
    const FIELD = 'input:not([type=checkbox], [type=radio], [type=file], [type=date]), textarea, select';
    const textsOf = (element) => [...element.childNodes].filter((node) => node instanceof Text && node.data.trim());
    const nameOf = (one) => [one.localName, one.id && `#${one.id}`, ...[...one.classList].map((name) => `.${name}`)].join('');
    const kindOf = (element) => [element, element.parentElement, element.parentElement.parentElement].filter(Boolean).map(nameOf).join(' < ');
    const isSeen = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest('svg, math, iframe, .offscreen, script, style, option');
    const kinds = new Map();
    const places = [...shown.querySelectorAll('*')].flatMap((element) => {
      const isField = element.matches(FIELD);
      const [text, ...others] = textsOf(element);
      if ((!isField && !text) || !isSeen(element)) return [];
      const kind = kindOf(element);
      const count = kinds.get(kind) ?? 0;
      kinds.set(kind, count + 1);
      if (count > 1) return [];
      if (element.matches('select')) for (const option of element.options) option.text = MARKS;
      else if (isField && element.value) element.value = MARKS;
      else if (isField) element.placeholder = MARKS;
      else { text.data = MARKS; for (const other of others) other.data = ''; }
      return [{ element, kind, text: isField ? element : text }];
    });
    const rectOf = ({ text }) => {
      if (text instanceof Element) return text.getBoundingClientRect();
      const range = document.createRange();
      range.selectNodeContents(text);
      return range.getBoundingClientRect();
    };
    const isWithin = (element, { top, bottom }) => {
      for (let one = element.parentElement; one; one = one.parentElement) {
        if (!/auto|scroll/.test(getComputedStyle(one).overflowY) || one.scrollHeight <= one.clientHeight + 1) continue;
        const edge = one.getBoundingClientRect();
        if (top < edge.top + 10 || bottom > edge.bottom - 10) return false;
      }
      return top >= 0 && bottom <= innerHeight;
    };
    const isOnTop = (element, { left, right, top, bottom }) => {
      const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
      return hit && (element.contains(hit) || hit.contains(element));
    };
    // Texts of other heights: the conversation is moved to where the reader was.
    await new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))); });
    const visible = places.filter((place) => {
      const rect = rectOf(place);
      return rect.width && rect.left >= 0 && rect.right <= innerWidth && isWithin(place.element, rect) && isOnTop(place.element, rect);
    });
    const style = document.createElement('style');
    style.textContent = `
      *, ::before, ::after, ::backdrop, ::placeholder { background: none !important; border-color: transparent !important; box-shadow: none !important; outline: 0 !important;
        text-decoration: none !important; transition: none !important; animation: none !important; -webkit-text-fill-color: transparent !important; caret-color: transparent !important; }
      html { background: #fff !important; }
      svg, i, progress, math, iframe, input[type] { visibility: hidden; }
      ::marker { color: transparent !important; }
      ${['#f00', '#0a0', '#00f'].map((colour, at) => `[data-marks="${at}"], [data-marks="${at}"]::placeholder { visibility: visible !important; opacity: 1 !important; -webkit-text-fill-color: ${colour} !important; }`).join('')}`;
    document.head.append(style);
    for (const [at, { element }] of visible.entries()) {
      element.dataset.marks = at % 3;
      for (let one = element; one; one = one.parentElement) if (getComputedStyle(one).opacity < 1) one.style.opacity = 1;
    }
    return visible.map((place, at) => {
      const { element, kind } = place;
      const { fontFamily, fontSize, fontWeight, fontStyle } = getComputedStyle(element);
      const { left, top, right, bottom } = rectOf(place);
      const around = Math.max(10, parseFloat(fontSize) / 2);
      return { kind, colour: at % 3, left, top: top - around, right, bottom: bottom + around, font: `${fontStyle} ${fontWeight} ${fontSize} ${fontFamily}` };
    });
  },

  /** Show them in each of these fonts, and nothing else; tell where. */
  showWhole(fonts) {
    const sheet = document.createElement('div');
    sheet.popover = 'manual';
    sheet.style.cssText = 'position: fixed; inset: 0; width: 100vw; height: 100vh; margin: 0; padding: 0; border: 0; overflow: hidden';
    for (const [at, font] of fonts.entries()) {
      const line = document.createElement('span');
      line.textContent = 'ปั้ฏู';
      line.dataset.marks = 0;
      line.style.font = font;
      Object.assign(line.style, { position: 'absolute', left: `${20 + (at % 5) * 70}px`, top: `${Math.floor(at / 5) * 80}px`, lineHeight: '80px' });
      sheet.append(line);
    }
    for (const other of document.querySelectorAll('[data-marks]')) delete other.dataset.marks;
    for (const line of sheet.children) line.dataset.marks = 0;
    document.body.append(sheet);
    sheet.showPopover();
    return [...sheet.children].map((line) => ({ ...line.getBoundingClientRect().toJSON(), colour: 0 }));
  },
})
