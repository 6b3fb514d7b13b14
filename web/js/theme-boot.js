// A classic script in the head, so that the chosen theme is there before the first paint.
(() => {
  let theme = null;
  try {
    theme = localStorage.getItem("kaskman.theme");
  } catch {
    // Storage is switched off: the system's theme it is.
  }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
