// Whole questions that are offered as buttons, such as a corrected one: pressing one asks it.
window.sightwords ??= {};

window.sightwords.questions = (element, trigger) => {
  element.addEventListener('click', (event) => {
    const offered = event.target.closest('button[data-question-text]');
    if (offered) trigger('select', { text: offered.dataset.questionText });
  });
};
