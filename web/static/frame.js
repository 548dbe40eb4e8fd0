// What every page has around its content: language, theme, who is signed in, the way out.
// @ts-check
import { ApiError, ask } from "./api.js";
import { byId } from "./dom.js";
import { fillTexts, otherLanguage, t, useLanguage } from "./texts.js";

/** @typedef {{user_id: string, login: string, name: string, role: string, site: string, extension: string | null, language: string | null}} Me */

export function dressPage() {
  fillTexts();
  byId("language").addEventListener("click", otherLanguage);
  byId("theme").addEventListener("click", () => {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const now = document.documentElement.dataset.theme ?? (dark ? "dark" : "light");
    const next = now === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    localStorage.setItem("meridian.theme", next);
  });
}

/** Who is here; nobody goes to the sign-in page. @returns {Promise<Me>} */
export async function signedIn() {
  for (;;) {
    try {
      const me = await ask("GET", "/api/me");
      useLanguage(me.language);
      dressPage();
      byId("who").textContent = me.name;
      byId("extension").textContent = me.extension ? t("at_extension", { extension: me.extension }) : me.site;
      byId("sign-out").addEventListener("click", signOut);
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
