// Small helps on top of pages that are whole without them.
"use strict";
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});
// Where nine entries have no room, the one of this page is in sight.
document.querySelectorAll(".menu [aria-current]").forEach((entry) => {
  const list = entry.closest("ul");
  const [inner, outer] = [entry.getBoundingClientRect(), list.getBoundingClientRect()];
  list.scrollLeft += inner.left + inner.width / 2 - outer.left - outer.width / 2;
});
// Files may be dropped anywhere on a form that takes some.
document.querySelectorAll("[data-drop]").forEach((form) => {
  const field = form.querySelector("input[type=file]");
  const mark = (over) => (event) => {
    event.preventDefault();
    form.toggleAttribute("data-over", over);
  };
  form.addEventListener("dragover", mark(true));
  form.addEventListener("dragleave", mark(false));
  form.addEventListener("drop", (event) => {
    mark(false)(event);
    if (event.dataTransfer.files.length) field.files = event.dataTransfer.files;
  });
});
