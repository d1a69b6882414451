// A button beside each field that is shown once: it copies what stands there. Without this script
// the field is selected and copied by hand.
"use strict";

for (const button of document.querySelectorAll("button[data-copies]")) {
  const field = document.getElementById(button.dataset.copies);
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy"); // no secure context: an address by http
    }
    button.nextElementSibling.hidden = false;
  });
}
