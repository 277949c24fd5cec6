// Before the sign-in page is painted: what this browser keeps of how a person reads.
(() => {
  const { dataset } = document.documentElement;
  const isDark = matchMedia('(prefers-color-scheme: dark)');
  const isSharp = matchMedia('(prefers-contrast: more)');
  /** @param {string} name */
  const kept = (name) => {
    try {
      return localStorage.getItem(`thai-chat:${name}`);
    } catch {
      return null;
    }
  };
  const paint = () => {
    const theme = kept('theme');
    dataset.theme = (theme ? theme === 'dark' : isDark.matches) ? 'dark' : 'light';
    dataset.contrast = kept('contrast') === 'more' || isSharp.matches ? 'more' : 'normal';
    dataset.face = kept('face') ?? 'looped';
    dataset.size = kept('size') ?? 'normal';
  };
  paint();
  for (const media of [isDark, isSharp]) media.addEventListener('change', paint);
})();
