// The button for later says the time that was given. Without this script it says “at this time”.
"use strict";

const time = document.querySelector('input[type="datetime-local"]');
const later = document.querySelector('button[value="later"]');

if (time && later) {
  const plain = later.textContent;
  const say = () => {
    later.textContent = time.value ? later.dataset.at.replace("{time}", time.value.replace("T", " ")) : plain;
  };
  time.addEventListener("input", say);
  say();
}
