// The bar at the foot of the plan's page: what is not saved, the holes that it opens, what somebody else did meanwhile.
// @ts-check
import { why } from "./api.js";
import { byId, el, outside } from "./dom.js";
import { span } from "./plan_time.js";
import { t } from "./texts.js";

const PAUSE_MS = 500;
const SHOWN = 6;

export class Bar {
  #timer = 0;
  #asked = 0;

  /** @param {import("./plan_draft.js").Draft} draft @param {() => void} saved draw everything anew */
  constructor(draft, saved) {
    this.draft = draft;
    this.saved = saved;
    this.root = byId("bar");
    this.count = el("strong", {});
    this.told = el("div", { class: "plan-told", role: "status" });
    this.buttons = el("div", { class: "plan-buttons" });
    this.root.setAttribute("aria-label", t("plan_unsaved"));
    this.root.append(this.count, this.told, this.buttons);
    draft.onChange(() => this.#draw());
    addEventListener("beforeunload", (event) => draft.size && event.preventDefault());
    document.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.key !== "s" || !draft.size) return;
      event.preventDefault();
      this.#save();
    });
  }

  #draw() {
    this.root.hidden = !this.draft.size;
    this.count.textContent = t("plan_changes_count", { count: String(this.draft.size) });
    this.#offer();
    clearTimeout(this.#timer);
    if (!this.draft.size) return this.told.replaceChildren();
    this.told.replaceChildren(t("plan_checking"));
    this.#timer = setTimeout(() => this.#check(), PAUSE_MS);
  }

  async #check() {
    const asked = ++this.#asked;
    const { holes, problems } = await this.draft.check();
    if (asked !== this.#asked || !this.draft.size) return;
    if (problems.length) this.#tell("is-wrong", ...problems.map((problem) => el("p", { class: "plan-wrong" }, outside(problem))));
    else if (holes.length) this.#tell("is-hole", ...this.#holes(holes));
    else this.#tell("is-fine", el("p", {}, t("plan_no_holes")));
  }

  /** @param {string} kind @param {...Node} what */
  #tell(kind, ...what) {
    this.told.className = `plan-told ${kind}`;
    this.told.replaceChildren(...what);
  }

  /** @param {import("./plan_draft.js").Hole[]} holes */
  #holes(holes) {
    const zone = this.draft.plan.timezone;
    const lines = holes.slice(0, SHOWN).map((hole) => el("li", {}, outside(hole.queue), " ",
      t(hole.severity === "nobody" ? "plan_hole_nobody" : "plan_hole_relaxed"), ": ",
      el("span", { class: "nowrap" }, span(hole.from, hole.to, zone)), " ", el("span", { class: "quiet nowrap" }, `${span(hole.from, hole.to, "UTC")} UTC`)));
    const more = holes.length > SHOWN ? [el("li", { class: "quiet" }, t("plan_more_holes", { count: String(holes.length - SHOWN) }))] : [];
    return [el("p", { class: "plan-warn" }, t("plan_holes_opened", { count: String(holes.length) })), el("ul", {}, ...lines, ...more)];
  }

  /** @param {...Node} more */
  #offer(...more) {
    this.buttons.replaceChildren(...more,
      el("button", { type: "button", class: "primary", id: "plan-save", onclick: () => this.#save(), title: "Ctrl+S" }, t("plan_save")),
      el("button", { type: "button", id: "plan-discard", onclick: () => this.#discard() }, t("plan_discard")));
  }

  #discard() {
    this.draft.discard();
    this.saved();
  }

  /** @param {{acceptHoles?: boolean, over?: number}} [how] */
  async #save(how) {
    clearTimeout(this.#timer);
    this.#asked++;
    for (const button of this.buttons.querySelectorAll("button")) button.disabled = true;
    try {
      const refused = await this.draft.save(how);
      clearTimeout(this.#timer);
      if (!refused) return this.saved();
      this.#offer();
      this.#refused(refused);
    } catch (error) {
      this.#offer();
      this.#tell("is-wrong", el("p", { class: "plan-wrong" }, t("failed", { why: why(error) })));
    }
  }

  /** @param {{refused: import("./plan_draft.js").Entry, error: import("./api.js").ApiError}} what */
  #refused({ refused, error }) {
    const { body } = error;
    if (error.code === "plan_changed" && body.theirs) {
      this.#tell("is-wrong", el("p", { class: "plan-wrong" }, outside(t("plan_overtaken", { by: body.theirs.by, what: refused.name }))),
        el("pre", { class: "plan-theirs", tabindex: 0 }, outside(JSON.stringify(body.theirs.value, null, 1))));
      this.#offer(
        el("button", { type: "button", id: "plan-theirs", onclick: () => this.#takeTheirs(refused) }, t("plan_take_theirs")),
        el("button", { type: "button", class: "danger", onclick: () => this.#save({ over: body.version }) }, t("plan_keep_mine")));
      return;
    }
    if (error.code === "holes_opened") {
      this.#tell("is-hole", ...this.#holes(body.holes_opened), el("p", { class: "plan-wrong" }, t("plan_holes_refused")));
      if (this.draft.may("hours")) this.#offer(el("button", { type: "button", class: "danger", onclick: () => this.#save({ acceptHoles: true }) }, t("plan_accept_holes")));
      return;
    }
    this.#tell("is-wrong", el("p", { class: "plan-wrong" }, outside(t("failed", { why: why(error) }))));
  }

  /** @param {import("./plan_draft.js").Entry} entry */
  async #takeTheirs(entry) {
    this.draft.forget(entry);
    await this.draft.load();
    this.saved();
  }
}
