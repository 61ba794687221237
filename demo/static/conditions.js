// The list of conditions to choose from: Gradio leaves it open after Enter, above what the page says then. Escape closes it.
window.sightwords ??= {};

window.sightwords.conditions = () => {
  // on the document, since the field comes once there is a collection
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !event.target.closest('#only')) return;
    const close = () => event.target.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
    setTimeout(close); // when the condition is taken
  });
};
