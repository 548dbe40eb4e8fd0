// Every word on the screen, in English and Russian. `t(key, values)` picks; nothing else writes words.
// @ts-check

const english = {
  sign_in: "Sign in",
  sign_in_lead: "Who calls, before you say hello.",
  login: "Name",
  password: "Password",
  extension: "Extension",
  extension_hint: "The phone you sit at. Leave empty for your own.",
  sign_out: "Sign out",
  signed_out_note: "You have been signed out. Please sign in again.",
  cards: "Recent cards",
  nav_cards: "Cards",
  desk: "My calls",
  theme: "Light or dark",
  language: "По-русски",
  at_extension: "Extension {extension}",
  skip: "Skip to the call",
  empty_title: "No call yet",
  empty_text: "When your phone rings, the caller appears here, with everything you talked about before.",
  empty_no_extension: "You are signed in without an extension, so no calls come here. The recent cards show what is going on.",
  calls: "Calls",
  ringing: "Ringing",
  calling: "Calling",
  talking: "Talking",
  held: "On hold",
  missed: "Missed",
  unseen: "Missed while you were disconnected",
  ended: "Ended",
  not_answered: "Not answered",
  hidden_number: "Number withheld",
  new_client: "New client",
  queue: "Queue",
  dialled: "Dialled",
  waiting: "Waiting",
  waited: "Waited",
  talk_time: "Talk",
  says_name: "Caller ID name",
  answer_hint: "Pick up your phone",
  talk_hint: "Type while you talk; it is saved as you type",
  ended_hint: "Note the result, then press Done",
  missed_hint: "Call back, or press Done",
  done: "Done",
  call_back: "Call {number}",
  calling_now: "Your phone rings first; pick it up.",
  result: "Result",
  notes: "Notes",
  notes_placeholder: "What was it about? What did you promise?",
  disposition: "Outcome",
  disposition_none: "Choose…",
  next_contact: "Next contact",
  next_contact_text: "What for",
  next_contact_placeholder: "e.g. send the offer, ask again",
  saved: "Saved {time}",
  saving: "Saving…",
  kept: "Kept on this computer, saved as soon as possible",
  refused_save: "Not saved: {why}",
  rename: "Change name",
  who_is_it: "Who is it?",
  save_name: "Save name",
  cancel: "Cancel",
  history: "Earlier conversations",
  times_in: "Times: {zone}",
  history_loading: "Looking up earlier conversations…",
  history_unavailable: "Earlier conversations can't be read right now.",
  history_none: "No earlier conversation: this is the first one.",
  inbound: "Incoming",
  outbound: "Outgoing",
  internal: "Internal",
  history_missed: "not answered",
  state_phone: "Phone system",
  state_database: "Database",
  state_socket: "Connection",
  live: "live",
  away: "away",
  connecting: "connecting",
  banner_socket: "No connection to Meridian for {age}. Calls may ring without showing here; what you type is kept.",
  banner_pbx: "Phone system “{name}” can't be reached for {age}. Calls may ring without showing here.",
  banner_database: "The database can't be reached for {age}. History is missing; your notes are kept and saved later.",
  announce: "Incoming call: {who}. {queue}",
  announce_calling: "Calling {who}.",
  announce_missed: "Missed call: {who}.",
  d_resolved: "Resolved",
  d_information: "Information given",
  d_callback: "Call back agreed",
  d_passed_on: "Passed on",
  d_complaint: "Complaint",
  d_wrong_number: "Wrong number",
  d_no_contact: "Nobody reached",
  cards_started: "Began",
  cards_client: "Client",
  cards_direction: "Direction",
  cards_queue: "Queue",
  cards_agent: "Operator",
  cards_wait: "Wait",
  cards_talk: "Talk",
  cards_outcome: "Outcome",
  cards_notes: "Notes",
  cards_more: "Earlier ones",
  cards_none: "No cards yet.",
  cards_running: "running",
  refresh: "Refresh",
  failed: "That didn't work: {why}",
  offline: "Meridian can't be reached.",
  keys: "Keys: N notes · D done · ↑ ↓ calls",
};

/** @type {typeof english} */
const russian = {
  sign_in: "Войти",
  sign_in_lead: "Кто звонит — ещё до «алло».",
  login: "Имя",
  password: "Пароль",
  extension: "Внутренний номер",
  extension_hint: "Телефон, за которым вы сидите. Пусто — ваш обычный.",
  sign_out: "Выйти",
  signed_out_note: "Сеанс завершён. Войдите ещё раз.",
  cards: "Последние карточки",
  nav_cards: "Карточки",
  desk: "Мои звонки",
  theme: "Светлая или тёмная",
  language: "In English",
  at_extension: "Внутренний {extension}",
  skip: "Перейти к звонку",
  empty_title: "Звонков пока нет",
  empty_text: "Когда зазвонит ваш телефон, здесь появится собеседник и всё, о чём вы говорили раньше.",
  empty_no_extension: "Вы вошли без внутреннего номера, звонки сюда не приходят. Что происходит, видно в последних карточках.",
  calls: "Звонки",
  ringing: "Звонит",
  calling: "Вызов",
  talking: "Разговор",
  held: "На удержании",
  missed: "Пропущен",
  unseen: "Пропущен, пока не было связи",
  ended: "Завершён",
  not_answered: "Без ответа",
  hidden_number: "Номер скрыт",
  new_client: "Новый клиент",
  queue: "Очередь",
  dialled: "Набран",
  waiting: "Ждёт",
  waited: "Ждал",
  talk_time: "Разговор",
  says_name: "Имя с линии",
  answer_hint: "Снимите трубку",
  talk_hint: "Пишите во время разговора — всё сохраняется само",
  ended_hint: "Запишите результат и нажмите «Готово»",
  missed_hint: "Перезвоните или нажмите «Готово»",
  done: "Готово",
  call_back: "Позвонить {number}",
  calling_now: "Сначала зазвонит ваш телефон, снимите трубку.",
  result: "Результат",
  notes: "Заметки",
  notes_placeholder: "О чём говорили? Что обещали?",
  disposition: "Итог",
  disposition_none: "Выберите…",
  next_contact: "Следующий контакт",
  next_contact_text: "Зачем",
  next_contact_placeholder: "например, отправить предложение",
  saved: "Сохранено {time}",
  saving: "Сохраняю…",
  kept: "Хранится на этом компьютере, сохранится при первой возможности",
  refused_save: "Не сохранено: {why}",
  rename: "Изменить имя",
  who_is_it: "Кто это?",
  save_name: "Сохранить имя",
  cancel: "Отмена",
  history: "Прошлые разговоры",
  times_in: "Время: {zone}",
  history_loading: "Ищу прошлые разговоры…",
  history_unavailable: "Прошлые разговоры сейчас недоступны.",
  history_none: "Прошлых разговоров нет: это первый.",
  inbound: "Входящий",
  outbound: "Исходящий",
  internal: "Внутренний",
  history_missed: "без ответа",
  state_phone: "Телефония",
  state_database: "База данных",
  state_socket: "Связь",
  live: "работает",
  away: "недоступна",
  connecting: "соединяюсь",
  banner_socket: "Нет связи с Meridian {age}. Звонки могут здесь не появиться; набранное сохраняется.",
  banner_pbx: "Телефонная станция «{name}» недоступна {age}. Звонки могут здесь не появиться.",
  banner_database: "База данных недоступна {age}. Истории нет; ваши заметки хранятся и сохранятся позже.",
  announce: "Входящий звонок: {who}. {queue}",
  announce_calling: "Вызов: {who}.",
  announce_missed: "Пропущенный звонок: {who}.",
  d_resolved: "Решено",
  d_information: "Дана информация",
  d_callback: "Договорились созвониться",
  d_passed_on: "Передано дальше",
  d_complaint: "Жалоба",
  d_wrong_number: "Ошиблись номером",
  d_no_contact: "Не дозвонились",
  cards_started: "Начало",
  cards_client: "Клиент",
  cards_direction: "Направление",
  cards_queue: "Очередь",
  cards_agent: "Оператор",
  cards_wait: "Ожидание",
  cards_talk: "Разговор",
  cards_outcome: "Итог",
  cards_notes: "Заметки",
  cards_more: "Более ранние",
  cards_none: "Карточек пока нет.",
  cards_running: "идёт",
  refresh: "Обновить",
  failed: "Не получилось: {why}",
  offline: "Meridian не отвечает.",
  keys: "Клавиши: N заметки · D готово · ↑ ↓ звонки",
};

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
};

export const DISPOSITIONS = ["resolved", "information", "callback", "passed_on", "complaint", "wrong_number", "no_contact"];

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

/** A disposition in words; one we don't know is shown as it is. @param {string} code */
export function outcome(code) {
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
  for (const node of root.querySelectorAll("[data-t-label]")) {
    node.setAttribute("aria-label", t(/** @type {any} */ (node).dataset.tLabel));
    node.setAttribute("title", t(/** @type {any} */ (node).dataset.tLabel));
  }
  document.documentElement.lang = language;
}
