'use strict';
/* Keys for the queue of new terms: they act on the chosen row. */
{
    const $ = (selector) => document.querySelector(selector);
    const rows = [...document.querySelectorAll('.queue-row')];
    let at = Math.max(0, rows.findIndex((row) => `#${row.id}` === location.hash));

    function choose(place) {
        if (!rows[place]) {
            return false;
        }
        rows[at].classList.remove('queue-chosen');
        at = place;
        rows[at].classList.add('queue-chosen');
        const target = rows[at].querySelector('[name=pick]') || rows[at].querySelector('a');
        target.focus({preventScroll: true});
        rows[at].scrollIntoView({block: 'nearest'});
        return true;
    }

    const press = (selector) => () => {
        const target = rows[at] && rows[at].querySelector(selector);
        if (target) {
            target.click();
        }
        return Boolean(target);
    };

    const write = (selector) => () => {
        const more = rows[at] && rows[at].querySelector('details');
        if (!more) {
            return false;
        }
        more.open = true;
        const field = more.querySelector(selector);
        field.focus();
        if (field.select) {
            field.select();
        }
        return true;
    };

    function back() {
        const last = $('.queue-undo');
        if (last) {
            last.click();
        }
        return Boolean(last);
    }

    new PageKeys('queue', {
        j: () => choose(at + 1), ArrowDown: () => choose(at + 1),
        k: () => choose(at - 1), ArrowUp: () => choose(at - 1),
        a: press('[data-key=a]'), c: press('[data-key=c]'), d: press('[data-key=d]'),
        r: write('input[type=text]'), m: write('input[type=text]'), v: write('select'),
        x: press('[name=pick]'), o: press('.queue-uses a'),
        u: back,
    });

    function left(event) {
        if (event.key === 'Escape' && event.target.matches('.queue-row input, .queue-row select')) {
            event.target.blur();
            choose(at);
        }
    }

    /* Enter in a field does what the button beside it does: the first of them is the way back. */
    function entered(event) {
        if (event.key === 'Enter' && !event.isComposing && event.target.matches('.queue-form input[type=text]')) {
            const [first, second] = event.target.parentElement.querySelectorAll('button');
            event.preventDefault();
            (second && known(event.target) ? second : first).click();
        }
    }

    /* What was chosen from the suggestions is a term that is there. */
    const known = (field) => [...document.getElementById(field.getAttribute('list')).options].some(
        (option) => option.value === field.value && field.value !== field.defaultValue);

    document.addEventListener('keydown', entered);
    document.addEventListener('keydown', left);
    rows.forEach((row, place) => row.addEventListener('focusin', () => {
        rows[at].classList.remove('queue-chosen');
        at = place;
        row.classList.add('queue-chosen');
    }));
    choose(at);
}
