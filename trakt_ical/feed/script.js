// Brings the copy buttons to life; without it they stay hidden and the address is selected by hand.
"use strict";
for (const button of document.querySelectorAll("button[data-copies]")) {
  const field = document.getElementById(button.dataset.copies);
  const message = document.getElementById(button.dataset.message);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(field.value);
      return true;
    } catch {
      // Plain http has no clipboard object, and a browser may forbid it; the selection still can be copied.
      field.select();
      return document.execCommand("copy");
    }
  };
  button.hidden = false;
  field.addEventListener("focus", () => field.select());
  button.addEventListener("click", async () => {
    const copied = await copy();
    message.textContent = copied ? "Copied." : "Not copied: press Ctrl+C.";
    if (copied) button.focus();
  });
}
