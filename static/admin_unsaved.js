'use strict';
/* A verb, or another part of the points, leaves the article's form: ask first if that would lose what was typed. */
{
    const content = (form) => new URLSearchParams(new FormData(form)).toString();

    window.addEventListener('load', () => {
        const form = document.getElementById('article_form');
        const before = content(form);
        const refused = form.querySelector('.errornote, .errorlist'); // what it holds was sent and not saved
        document.querySelectorAll('a[data-unsaved]').forEach((verb) => {
            verb.addEventListener('click', (event) => {
                const unsaved = refused || content(form) !== before;
                if (unsaved && !window.confirm(verb.dataset.unsaved)) {
                    event.preventDefault();
                }
            });
        });
    });
}
