'use strict';
/* Keys for triage, and reasons to choose from. */
{
    const $ = (selector) => document.querySelector(selector);
    const to = (act) => (selector) => () => {
        const target = $(selector);
        if (target) {
            target[act]();
        }
        return Boolean(target);
    };
    const [click, focus] = [to('click'), to('focus')];
    const [next, previous] = [click('.triage-steps [rel=next]'), click('.triage-steps [rel=prev]')];
    new PageKeys('triage', {
        j: next,
        ArrowDown: next,
        k: previous,
        ArrowUp: previous,
        t: click('#triage-take'),
        d: focus('#triage-reason'),
        e: focus('.triage-terms .select2-search__field, .triage-terms select'),
        o: click('#triage-original'),
        s: click('#triage-submit'),
    });

    document.addEventListener('keydown', (event) => {
        if (event.key === 'Escape' && event.target.matches('#triage-reason')) {
            event.target.blur();
        }
    });

    function suggest(button) {
        const field = $('#triage-reason');
        field.value = button.textContent;
        field.focus();
    }

    document.querySelectorAll('.triage-suggestions').forEach((one) => {
        one.hidden = false;
    });
    document.querySelectorAll('.triage-suggestions button').forEach((button) => {
        button.addEventListener('click', () => suggest(button));
    });
    const chosen = $('.triage-chosen');
    const list = $('.triage-list ol');
    if (chosen && list) {
        list.scrollTop = chosen.offsetTop - list.offsetTop - list.clientHeight / 3;
    }
}
