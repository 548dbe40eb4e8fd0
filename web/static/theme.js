// Sets the chosen theme before anything is drawn. Not a module: it must run first.
// @ts-check
(() => {
  const chosen = localStorage.getItem("meridian.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
