'use strict';
/* The event points: add, move by keys and by dragging, split, join, delete. Without this script the rows work by
   their numbers and boxes. */
{
    const EDGE = 60; // pixels from the window's edge where dragging scrolls

    class Points {
        constructor(box) {
            this.box = box;
            this.texts = box.dataset;
            this.list = box.querySelector('.points-list');
            this.blank = box.querySelector('template').content;
            this.total = box.querySelector('input[type=hidden][name$=-total]');
            this.form = box.closest('form');
            this.undone = [];
            this.before = Number(this.texts.first || 1) - 1; // points of the parts before this one
            box.querySelectorAll('.points-bar, .points-help').forEach((part) => {
                part.hidden = false;
            });
            this.rows().filter((row) => this.isGone(row)).forEach((row) => row.remove());
            this.rows().forEach((row) => this.ready(row));
            this.renumber();
            this.listen();
        }

        rows() {
            return Array.from(this.list.children);
        }

        number(at) {
            return this.before + at + 1;
        }

        field(row, part) {
            return row.querySelector(`[data-part=${part}]`);
        }

        isGone(row) {
            const empty = ['heading', 'body'].every((part) => !this.field(row, part).value.trim());
            return empty || row.querySelector('[type=checkbox]').checked;
        }

        /* The rows come without their buttons, which would be half of the page. */
        ready(row) {
            if (!row.querySelector('.point-acts')) {
                const blank = (part) => document.importNode(this.blank.querySelector(part), true);
                row.querySelector('.point-head').prepend(blank('.point-handle'));
                row.querySelector('.point-place').after(blank('.point-acts'));
            }
            row.querySelectorAll('.point-handle, .point-acts').forEach((part) => {
                part.hidden = false;
            });
            row.querySelector('.point-delete').remove();
            row.querySelector('[type=number]').setAttribute('min', 1);
        }

        /* -- texts -- */

        say(text, values = {}) {
            const said = (this.texts[text] || '').replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
            this.box.querySelector('.points-said').textContent = said;
        }

        put(field, text) {
            field.value = text;
            field.dispatchEvent(new Event('input', {bubbles: true}));
        }

        /* -- rows -- */

        renumber() {
            const name = this.texts.name;
            this.rows().forEach((row, at) => {
                const swap = (value) => value.replace(/-(?:new|\d+)-(place|delete|heading|body)$/, `-${at}-$1`);
                row.querySelectorAll(`[name^="${name}-"]`).forEach((field) => {
                    field.name = swap(field.name);
                    field.id = swap(field.id);
                });
                row.querySelectorAll('label[for]').forEach((label) => {
                    label.htmlFor = swap(label.htmlFor);
                });
                row.querySelector('[type=number]').value = this.number(at);
                row.querySelector('[data-act=up]').disabled = at === 0;
                row.querySelectorAll('[data-act=down], [data-act=join]').forEach((button) => {
                    button.disabled = at === this.list.children.length - 1;
                });
            });
            this.total.value = this.list.children.length;
        }

        changed(undo) {
            if (undo) {
                this.undone.push(undo);
            }
            this.box.querySelector('[data-act=undo]').disabled = !this.undone.length;
            this.renumber();
            this.list.dispatchEvent(new Event('input', {bubbles: true}));
        }

        create(heading, body, before = null) {
            const row = document.importNode(this.blank, true).querySelector('.point');
            this.field(row, 'heading').value = heading;
            this.field(row, 'body').value = body;
            this.ready(row);
            this.list.insertBefore(row, before);
            return row;
        }

        /* The others go around the row, so that it keeps the cursor and the pointer. */
        place(row, to) {
            const from = this.rows().indexOf(row);
            const others = this.rows().filter((other) => other !== row);
            if (to < from) {
                row.after(...others.slice(to, from));
            } else if (to > from) {
                row.before(...others.slice(from, to));
            }
        }

        move(row, to) {
            const from = this.rows().indexOf(row);
            const target = Math.max(0, Math.min(to, this.list.children.length - 1));
            if (target !== from) {
                this.place(row, target);
                this.moved(row, from);
            } else {
                this.renumber();
            }
        }

        moved(row, from) {
            this.changed(() => this.place(row, from));
            this.say('moved', {from: this.number(from), to: this.number(this.rows().indexOf(row))});
        }

        add() {
            const row = this.create('', '');
            this.changed(() => row.remove());
            this.say('added', {number: this.number(this.list.children.length - 1)});
            this.field(row, 'heading').focus();
        }

        remove(row) {
            const at = this.rows().indexOf(row);
            const next = row.nextElementSibling;
            row.remove();
            this.changed(() => this.list.insertBefore(row, this.list.children[at] || null));
            this.say('deleted', {number: this.number(at)});
            const near = next || this.list.lastElementChild;
            (near ? this.field(near, 'heading') : this.box.querySelector('[data-act=add]')).focus();
        }

        /* What stands behind the cursor becomes a point of its own; from within a heading the body goes with it. */
        split(row, part = 'body') {
            const field = this.field(row, part);
            const body = this.field(row, 'body');
            const before = [field.value, body.value];
            const rest = field.value.slice(field.selectionEnd).trimStart();
            const next = part === 'body'
                ? this.create('', rest, row.nextElementSibling)
                : this.create(rest, body.value, row.nextElementSibling);
            if (part === 'heading') {
                this.put(body, '');
            }
            this.put(field, field.value.slice(0, field.selectionEnd).trimEnd());
            this.changed(() => {
                next.remove();
                [field.value, body.value] = before;
            });
            this.say('split', {number: this.number(this.rows().indexOf(row))});
            const start = this.field(next, part);
            start.focus();
            start.setSelectionRange(0, 0);
        }

        join(row) {
            const next = row.nextElementSibling;
            if (!next) {
                return;
            }
            const at = this.rows().indexOf(row);
            const body = this.field(row, 'body');
            const before = body.value;
            const more = ['heading', 'body'].map((part) => this.field(next, part).value).filter((text) => text.trim());
            this.put(body, [before, more.join('：')].filter((text) => text.trim()).join('\n'));
            next.remove();
            this.changed(() => {
                body.value = before;
                row.after(next);
            });
            this.say('joined', {number: this.number(at), next: this.number(at + 1)});
            body.focus();
            body.setSelectionRange(before.length, before.length);
        }

        undo() {
            const last = this.undone.pop();
            if (last) {
                last();
                this.changed();
                this.say('undone');
            }
        }

        /* -- dragging -- */

        drag(start, row) {
            const from = this.rows().indexOf(row);
            const end = (event) => {
                document.removeEventListener('pointermove', follow);
                document.removeEventListener('keydown', cancel);
                ['pointerup', 'pointercancel'].forEach((kind) => document.removeEventListener(kind, end));
                row.classList.remove('dragged');
                if (event.type !== 'pointerup') {
                    this.place(row, from);
                }
                if (this.rows().indexOf(row) !== from) {
                    this.moved(row, from);
                }
            };
            const cancel = (event) => event.key === 'Escape' && end(event);
            const follow = (event) => {
                const middle = (other) => {
                    const place = other.getBoundingClientRect();
                    return place.top + place.height / 2;
                };
                const others = this.rows().filter((other) => other !== row);
                const at = others.filter((other) => middle(other) < event.clientY).length;
                if (at !== this.rows().indexOf(row)) {
                    this.place(row, at);
                }
                if (event.clientY < EDGE || event.clientY > window.innerHeight - EDGE) {
                    window.scrollBy(0, event.clientY < EDGE ? -20 : 20);
                }
            };
            start.preventDefault();
            row.classList.add('dragged');
            document.addEventListener('pointermove', follow);
            document.addEventListener('keydown', cancel);
            ['pointerup', 'pointercancel'].forEach((kind) => document.addEventListener(kind, end));
        }

        /* -- what was pressed -- */

        listen() {
            this.box.addEventListener('click', (event) => {
                const button = event.target.closest('[data-act]');
                if (button) {
                    this.act(button.dataset.act, button.closest('.point'));
                }
            });
            this.list.addEventListener('pointerdown', (event) => {
                const handle = event.target.closest('.point-handle');
                if (handle && event.button === 0) {
                    this.drag(event, handle.closest('.point'));
                }
            });
            this.list.addEventListener('keydown', (event) => this.key(event));
            this.list.addEventListener('change', (event) => {
                if (event.target.type === 'number') {
                    this.move(event.target.closest('.point'), Math.round(Number(event.target.value) || 1) - 1 - this.before);
                }
            });
        }

        act(name, row) {
            const acts = {
                up: () => this.step(row, -1), down: () => this.step(row, 1), split: () => this.split(row),
                join: () => this.join(row), remove: () => this.remove(row), add: () => this.add(), undo: () => this.undo(),
            };
            (acts[name] || (() => {}))();
        }

        step(row, by) {
            this.move(row, this.rows().indexOf(row) + by);
        }

        key(event) {
            const row = event.target.closest('.point');
            const part = event.target.dataset.part;
            if (event.altKey && ['ArrowUp', 'ArrowDown'].includes(event.key)) {
                event.preventDefault();
                this.step(row, event.key === 'ArrowUp' ? -1 : 1);
            } else if (event.key === 'Enter' && part && (event.ctrlKey || event.metaKey)) {
                event.preventDefault();
                this.split(row, part);
            } else if (event.key === 'Enter' && event.target.type === 'number') {
                event.preventDefault(); // it would send the form
                event.target.dispatchEvent(new Event('change', {bubbles: true}));
            }
        }
    }

    document.querySelectorAll('.points').forEach((box) => {
        box.points = new Points(box);
    });
}
