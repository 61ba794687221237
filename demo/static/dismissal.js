// A refusal stays on the page until somebody has read it: its cross takes it away.
window.sightwords ??= {};

window.sightwords.dismissal = (element, dismiss) => {
  element.addEventListener('click', (event) => {
    if (event.target.closest('.sw-dismiss')) dismiss();
  });
};
