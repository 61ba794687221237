// Brings into sight what a button elsewhere on the page has changed; Gradio's events call it by name.
window.sightwords ??= {};

window.sightwords.scrollTo = (selector, block) => document.querySelector(selector).scrollIntoView({ block });

// In the Library the buttons stand at the foot, and what is said or asked stands further up.
window.sightwords.scrollToLibraryNotice = () => {
  const scroll = () => {
    const notices = document.querySelectorAll('#library-question, #library-notice');
    const shown = [...notices].filter((notice) => notice.offsetParent);
    shown.at(-1)?.scrollIntoView({ block: 'center' });
  };
  setTimeout(scroll, 50); // when the page has drawn the answer
};

// Who was led to the Library names a folder next: waits until the tab is shown, five seconds at most.
window.sightwords.focusLibraryFolder = () => {
  const focus = (tries) => {
    const field = document.querySelector('#library-folder input, #library-folder textarea');
    if (field?.offsetParent) {
      field.focus({ preventScroll: true });
      field.scrollIntoView({ block: 'center' });
    } else if (tries) {
      setTimeout(() => focus(tries - 1), 50);
    }
  };
  focus(100);
};
