// Wherever a term is a button: pressing it asks for the term's page.
window.sightwords ??= {};

window.sightwords.terms = (element, trigger) => {
  element.addEventListener('click', (event) => {
    const button = event.target.closest('[data-ask]');
    if (button) trigger('select', { term: button.dataset.ask });
  });
};
