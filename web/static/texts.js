// Which words the page shows: `t(key, values)` picks the reader's language; nothing else writes words.
// @ts-check
import { english } from "./words_en.js";
import { russian } from "./words_ru.js";

// What the server says by code, where the page knows better words than the English sentence that comes with it.
const russianErrors = {
  wrong_password: "Неверное имя или пароль.",
  too_many: "Слишком много попыток. Подождите и попробуйте снова.",
  extension_taken: "За этим внутренним номером уже работает другой человек. Выберите другой или попросите его выйти.",
  extension_missing: "Укажите внутренний номер (телефон), за которым вы сидите.",
  bad_extension: "Во внутреннем номере только латинские буквы, цифры, точки и дефисы.",
  busy: "Сейчас входят многие. Попробуйте через несколько секунд.",
  unavailable: "Сейчас это недоступно. Попробуйте немного позже.",
  not_wired: "Звонить отсюда пока нельзя.",
  number_not_allowed: "На этот номер отсюда звонить нельзя. Если нужно, спросите администратора.",
  too_many_calls: "Слишком много звонков подряд. Подождите немного.",
  no_extension: "Вы вошли без внутреннего номера: войдите с ним, чтобы звонить.",
  not_found: "Этого больше нет.",
};

let language = pickLanguage(localStorage.getItem("meridian.language") ?? navigator.language);

/** @param {string} wanted @returns {"en" | "ru"} */
function pickLanguage(wanted) {
  return wanted.toLowerCase().startsWith("ru") ? "ru" : "en";
}

/** The person's own language, unless this browser was told otherwise. @param {string | null} wanted */
export function useLanguage(wanted) {
  if (wanted && !localStorage.getItem("meridian.language")) language = pickLanguage(wanted);
  document.documentElement.lang = language;
}

export function currentLanguage() {
  return language;
}

/** For dates and times: the reader's own habits where they belong to the language of the page. */
export function locale() {
  return navigator.language.toLowerCase().startsWith(language) ? navigator.language : language === "ru" ? "ru-RU" : "en-GB";
}

export function otherLanguage() {
  localStorage.setItem("meridian.language", language === "ru" ? "en" : "ru");
  location.reload();
}

/** @param {keyof typeof english} key @param {Record<string, string>} [values] */
export function t(key, values = {}) {
  const words = language === "ru" ? russian : english;
  return words[key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** An outcome of earlier versions in words; one we don't know is shown as it is. @param {string} code */
export function knownOutcome(code) {
  const key = /** @type {keyof typeof english} */ (`d_${code}`);
  return key in english ? t(key) : code;
}

/** What went wrong, in the reader's language where we have it. @param {{code: string, message: string}} error */
export function reason(error) {
  if (language === "en") return error.message;
  return russianErrors[/** @type {keyof typeof russianErrors} */ (error.code)] ?? error.message;
}

/** Fill every element that names its words: data-t="key", data-t-placeholder, data-t-label. */
export function fillTexts(root = document) {
  for (const node of root.querySelectorAll("[data-t]")) node.textContent = t(/** @type {any} */ (node).dataset.t);
  for (const node of root.querySelectorAll("[data-t-placeholder]")) node.setAttribute("placeholder", t(/** @type {any} */ (node).dataset.tPlaceholder));
  for (const node of root.querySelectorAll("[data-t-label]")) {
    node.setAttribute("aria-label", t(/** @type {any} */ (node).dataset.tLabel));
    node.setAttribute("title", t(/** @type {any} */ (node).dataset.tLabel));
  }
  document.documentElement.lang = language;
}
