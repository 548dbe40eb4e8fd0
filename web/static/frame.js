// What every page has around its content: language, theme, who is signed in, the way out.
// @ts-check
import { ApiError, ask } from "./api.js";
import { byId } from "./dom.js";
import { Menu } from "./menu.js";
import { fillTexts, otherLanguage, t, useLanguage } from "./texts.js";

/** @typedef {{user_id: string, login: string, name: string, role: string, site: string, extension: string | null, language: string | null}} Me */

export function otherTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme ?? (dark ? "dark" : "light");
  const next = now === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  localStorage.setItem("meridian.theme", next);
}

/** What hangs on one's name. @param {import("./menu.js").Entry[]} more @returns {import("./menu.js").Entry[]} */
function personalMenu(more) {
  const here = location.pathname;
  const away = [["/", t("desk")], ["/cards", t("cards")], ["/docs", t("api_docs")]].filter(([path]) => path !== here);
  return [
    ...away.map(([path, text]) => ({ text, act: () => location.assign(path) })),
    ...more,
    { text: t("language"), id: "language", act: otherLanguage },
    { text: t("theme"), id: "theme", act: otherTheme },
    { text: t("sign_out"), id: "sign-out", act: signOut },
  ];
}

/** Who is here; nobody goes to the sign-in page. @param {() => import("./menu.js").Entry[]} [more] of this page, for the menu of one's name @returns {Promise<Me>} */
export async function signedIn(more = () => []) {
  for (;;) {
    try {
      const me = await ask("GET", "/api/me");
      useLanguage(me.language);
      fillTexts();
      byId("who").textContent = me.name;
      byId("extension").textContent = me.extension ? t("at_extension", { extension: me.extension }) : me.site;
      new Menu(byId("me-button"), () => personalMenu(more()));
      return me;
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        toSignIn(false);
        return new Promise(() => {}); // the page is leaving
      }
      await new Promise((resolve) => setTimeout(resolve, 2_000 + Math.random() * 2_000));
    }
  }
}

async function signOut() {
  await ask("DELETE", "/api/session").catch(() => {});
  toSignIn(false);
}

/** @param {boolean} unasked */
export function toSignIn(unasked) {
  location.assign(unasked ? "/signin?again" : "/signin");
}
