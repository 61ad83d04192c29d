'use strict';
/* Keys of a desk's page: each does what a button or link of the page does; never while somebody types, one act at a
   time. What belongs to them is found by the page's name: #NAME-help opens the dialog #NAME-keys, #NAME-keys-on
   switches them off (the browser remembers it), and #NAME-all chooses all boxes, or none. */
class PageKeys {
    static TYPING = 'input:not([type=checkbox]), textarea, select, [contenteditable], .select2-container, dialog';

    /* keys: by key, what it does; an act says whether there was something to do. */
    constructor(name, keys) {
        this.name = name;
        this.keys = {...keys, '?': () => this.show()};
        this.store = `newsroom-${name}-keys-off`;
        this.on = !this.recall();
        this.going = false;
        document.querySelectorAll(`#${name}-help, #${name}-all`).forEach((one) => {
            one.hidden = false;
        });
        const box = this.part('keys-on');
        box.checked = this.on;
        box.addEventListener('change', () => this.remember(!box.checked));
        this.part('help')?.addEventListener('click', () => this.show());
        this.part('all')?.addEventListener('click', PageKeys.chooseAll);
        document.addEventListener('keydown', (event) => this.pressed(event));
        document.addEventListener('submit', (event) => {
            this.going = event.target.method === 'post';
        });
        window.addEventListener('pageshow', () => {
            this.going = false;
        });
    }

    part(name) {
        return document.querySelector(`#${this.name}-${name}`);
    }

    show() {
        this.part('keys').showModal();
        return true;
    }

    pressed(event) {
        const plain = !(event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat);
        if (!plain || !this.on || event.target.closest(PageKeys.TYPING)) {
            return;
        }
        const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
        if (Object.hasOwn(this.keys, key) && !this.going && this.keys[key]()) {
            event.preventDefault();
        }
    }

    remember(off) {
        this.on = !off;
        try {
            window.localStorage.setItem(this.store, off ? '1' : '');
        } catch {
            // A browser that stores nothing asks again on the next page.
        }
    }

    recall() {
        try {
            return Boolean(window.localStorage.getItem(this.store));
        } catch {
            return false;
        }
    }

    static chooseAll() {
        const boxes = [...document.querySelectorAll('[name=pick]')];
        const all = boxes.every((box) => box.checked);
        boxes.forEach((box) => {
            box.checked = !all;
        });
    }
}
