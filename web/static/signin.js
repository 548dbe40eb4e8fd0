// The sign-in page.
// @ts-check
import { ApiError, ask } from "./api.js";
import { byId } from "./dom.js";
import { otherTheme } from "./frame.js";
import { fillTexts, otherLanguage, reason, t } from "./texts.js";

fillTexts();
byId("language").addEventListener("click", otherLanguage);
byId("theme").addEventListener("click", otherTheme);
const form = byId("form");
const problem = byId("problem");
byId("extension-field").value = localStorage.getItem("meridian.extension") ?? "";
if (location.search === "?again") problem.textContent = t("signed_out_note");

form.addEventListener("submit", async (/** @type {SubmitEvent} */ event) => {
  event.preventDefault();
  const button = byId("submit");
  button.disabled = true;
  problem.textContent = "";
  const extension = byId("extension-field").value.trim();
  try {
    const me = await ask("POST", "/api/session", {
      login: byId("login").value,
      password: byId("password").value,
      extension: extension || null,
    });
    localStorage.setItem("meridian.extension", extension);
    // Without an extension no calls come: what there is to see is who waits, or the cards.
    location.assign(me.extension ? "/" : me.role === "operator" ? "/cards" : "/waiting");
  } catch (error) {
    problem.textContent = error instanceof ApiError ? (error.status ? reason(error) : t("offline")) : String(error);
    byId("password").select();
  } finally {
    button.disabled = false;
  }
});
byId("submit").disabled = false; // until here the browser would have sent the form by itself
