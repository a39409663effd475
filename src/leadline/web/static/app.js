// Small helps on top of pages that are whole without them.
"use strict";
document.querySelectorAll("[data-hide]").forEach((each) => each.classList.add("unseen"));
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});
