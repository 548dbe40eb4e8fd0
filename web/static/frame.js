// What every page has around its content: language, theme, who is signed in, the way out.
// @ts-check
import { ApiError, ask } from "./api.js";
import { byId, el } from "./dom.js";
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

const ROLES = ["operator", "supervisor", "admin"];
/** The pages in the order of the navigation, for whom they are. @type {{path: string, words: keyof typeof import("./words_en.js").english, from: string}[]} */
const PAGES = [
  { path: "/", words: "desk", from: "operator" },
  { path: "/waiting", words: "waiting_room", from: "supervisor" },
  { path: "/plan", words: "plan_page", from: "supervisor" },
  { path: "/cards", words: "cards", from: "operator" },
  { path: "/docs", words: "api_docs", from: "operator" },
];

/** Whether this person is at least a supervisor, an admin. @param {Me} me @param {string} role */
export function isAtLeast(me, role) {
  return ROLES.indexOf(me.role) >= ROLES.indexOf(role);
}

/** The ways to the other pages, where the page has a place for them. @param {Me} me */
function drawPages(me) {
  const place = document.getElementById("pages");
  const links = PAGES.filter((page) => isAtLeast(me, page.from)).map((page) => el("a", { href: page.path, "aria-current": page.path === location.pathname ? "page" : null }, t(page.words)));
  place?.replaceChildren(...links);
  place?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** What hangs on one's name. @param {Me} me @param {import("./menu.js").Entry[]} more @returns {import("./menu.js").Entry[]} */
function personalMenu(me, more) {
  const away = PAGES.filter((page) => page.path !== location.pathname && isAtLeast(me, page.from));
  return [
    ...away.map((page) => ({ text: t(page.words), act: () => location.assign(page.path) })),
    ...more,
    { text: t("language"), id: "language", act: otherLanguage },
    { text: t("theme"), id: "theme", act: otherTheme },
    { text: t("sign_out"), id: "sign-out", act: signOut },
  ];
}

/** @type {Me | null} */ let here = null;

/** Who is signed in on this page, once it is known. */
export function whoIsHere() {
  return here;
}

/** Who is here; nobody goes to the sign-in page. @param {() => import("./menu.js").Entry[]} [more] of this page, for the menu of one's name @returns {Promise<Me>} */
export async function signedIn(more = () => []) {
  for (;;) {
    try {
      const me = (here = await ask("GET", "/api/me"));
      useLanguage(me.language);
      fillTexts();
      byId("who").textContent = me.name;
      byId("extension").textContent = me.extension ? t("at_extension", { extension: me.extension }) : me.site;
      new Menu(byId("me-button"), () => personalMenu(me, more()));
      drawPages(me);
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
