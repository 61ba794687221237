// The fold "Which word lit which term?": opening it asks for its content, once for each question.
window.sightwords ??= {};

window.sightwords.wordLinks = (element, trigger) => {
  const fill = (event) => {
    if (event.target.open && !element.querySelector('svg, .sw-none')) trigger('expand');
  };
  element.addEventListener('toggle', fill, true); // captured, since toggle does not bubble
};
