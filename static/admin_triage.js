'use strict';
/* Keys for triage. Each does what a link or button of the page does; never while somebody types. */
{
    const $ = (selector) => document.querySelector(selector);
    const click = (selector) => () => {
        const target = $(selector);
        if (target) {
            target.click();
        }
        return Boolean(target);
    };
    const focus = (selector) => () => {
        const target = $(selector);
        if (target) {
            target.focus();
        }
        return Boolean(target);
    };
    const keys = {
        j: click('.triage-steps [rel=next]'),
        ArrowDown: click('.triage-steps [rel=next]'),
        k: click('.triage-steps [rel=prev]'),
        ArrowUp: click('.triage-steps [rel=prev]'),
        t: click('#triage-take'),
        d: focus('#triage-reason'),
        e: focus('.triage-terms .select2-search__field, .triage-terms select'),
        o: click('#triage-original'),
        s: click('#triage-submit'),
        '?': showKeys,
    };
    const TYPING = 'input:not([type=checkbox]), textarea, select, [contenteditable], .select2-container, dialog';
    const OFF = 'newsroom-triage-keys-off';
    let on = true;
    let going = false; // one act at a time

    function showKeys() {
        $('#triage-keys').showModal();
        return true;
    }

    function remember(off) {
        on = !off;
        try {
            window.localStorage.setItem(OFF, off ? '1' : '');
        } catch {
            // A browser that stores nothing asks again on the next page.
        }
    }

    function recall() {
        try {
            on = !window.localStorage.getItem(OFF);
        } catch {
            on = true;
        }
    }

    function pressed(event) {
        const plain = !(event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat);
        if (event.key === 'Escape' && event.target.matches('#triage-reason')) {
            event.target.blur();
        }
        if (!plain || !on || event.target.closest(TYPING)) {
            return;
        }
        const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
        if (Object.hasOwn(keys, name) && !going && keys[name]()) {
            event.preventDefault();
        }
    }

    function suggest(button) {
        const field = $('#triage-reason');
        field.value = button.textContent;
        field.focus();
    }

    function chooseAll() {
        const boxes = [...document.querySelectorAll('.triage-list [name=pick]')];
        const all = boxes.every((box) => box.checked);
        boxes.forEach((box) => {
            box.checked = !all;
        });
    }

    recall();
    document.querySelectorAll('.triage-suggestions, #triage-all, #triage-help').forEach((one) => {
        one.hidden = false;
    });
    document.querySelectorAll('.triage-suggestions button').forEach((button) => {
        button.addEventListener('click', () => suggest(button));
    });
    document.querySelectorAll('.triage form').forEach((form) => {
        form.addEventListener('submit', () => {
            going = form.method === 'post';
        });
    });
    window.addEventListener('pageshow', () => {
        going = false;
    });
    const box = $('#triage-keys-on');
    box.checked = on;
    box.addEventListener('change', () => remember(!box.checked));
    for (const [selector, act] of [['#triage-help', showKeys], ['#triage-all', chooseAll]]) {
        const button = $(selector);
        if (button) {
            button.addEventListener('click', act);
        }
    }
    document.addEventListener('keydown', pressed);
    const chosen = $('.triage-chosen');
    const list = $('.triage-list ol');
    if (chosen && list) {
        list.scrollTop = chosen.offsetTop - list.offsetTop - list.clientHeight / 3;
    }
}
