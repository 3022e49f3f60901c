// Shows what is typed into a password field while its button is pressed in; hides it again before it is sent. Without scripts there is
// no button, and the form works as it is.
"use strict";

for (const button of document.querySelectorAll("button[data-shows]")) {
  const field = document.getElementById(button.dataset.shows);
  const show = (shown) => {
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  };
  button.hidden = false;
  button.addEventListener("click", () => show(button.getAttribute("aria-pressed") !== "true"));
  field.form.addEventListener("submit", () => show(false));
}
