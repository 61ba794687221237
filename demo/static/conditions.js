// The list of conditions to choose from: Gradio leaves it open after Enter, above what the page says then. Escape closes it.
window.sightwords ??= {};

window.sightwords.conditions = () => {
  const field = document.querySelector('#only');
  field?.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    const close = () => event.target.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
    setTimeout(close); // when the condition is taken
  });
};
