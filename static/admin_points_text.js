'use strict';
/* What the event points and texts have to do with each other: a whole summary is pasted, read by the site's own
   parser and taken over; and beside each point stands what the article's text says of it. */
{
    const PAUSE = 700; // milliseconds after the last key before the points are compared with the text

    const make = (tag, className, ...content) => {
        const element = document.createElement(tag);
        element.className = className;
        element.append(...content);
        return element;
    };

    async function ask(points, address, data, signal) {
        const token = points.form.querySelector('[name=csrfmiddlewaretoken]').value;
        const headers = {'X-CSRFToken': token};
        const answer = await fetch(address, {method: 'POST', headers, body: data, signal, credentials: 'same-origin'});
        const isJson = (answer.headers.get('Content-Type') || '').startsWith('application/json');
        return isJson ? answer.json() : {error: points.texts.failed};
    }

    /* A whole summary, pasted: read by the site's own parser, shown, and taken over when the editor says so. */
    class Paste {
        constructor(points) {
            this.points = points;
            this.box = points.box.querySelector('.points-paste');
            this.box.hidden = false;
            this.preview = this.box.querySelector('.points-preview');
            this.choice = this.box.querySelector('.points-choice');
            const acts = {parse: () => this.parse(), replace: () => this.replace(), append: () => this.append()};
            this.box.addEventListener('click', (event) => {
                (acts[event.target.dataset.act] || (() => {}))();
            });
            this.box.querySelector('textarea').addEventListener('input', () => this.show(null));
        }

        async parse() {
            const data = new URLSearchParams({text: this.box.querySelector('textarea').value});
            const found = await ask(this.points, this.points.texts.parse, data).catch(() => null);
            this.show(found || {error: this.points.texts.failed});
        }

        show(found) {
            this.found = found;
            this.preview.hidden = !found;
            this.choice.hidden = !found || Boolean(found.error);
            this.preview.replaceChildren(...(found ? this.pieces(found) : []));
            if (found) {
                this.preview.focus();
            }
        }

        pieces(found) {
            const texts = this.points.texts;
            if (found.error) {
                return [make('p', 'points-error', found.error)];
            }
            const part = (label, text) => [make('dt', '', label), make('dd', '', text || texts.none)];
            const list = make('ol', '', ...found.points.map(({heading, body}) =>
                make('li', '', ...(heading ? [make('b', '', heading), ' '] : []), body)));
            return [
                make('p', '', texts.understood.replace('{number}', found.points.length)),
                ...(found.findings.length ? [make('ul', 'points-findings', ...found.findings.map((one) => make('li', '', one)))] : []),
                make('dl', '', ...part(texts.intro, found.intro), ...part(texts.points, found.points.length ? list : ''),
                    ...part(texts.conclusion, found.conclusion)),
            ];
        }

        others() {
            return ['intro', 'conclusion'].map((name) => [this.points.form.elements[name], this.found[name]])
                .filter(([field]) => field);
        }

        replace() {
            const {points, found} = this;
            const rows = points.rows();
            const texts = this.others().map(([field, text]) => [field, field.value, text]);
            points.list.replaceChildren();
            found.points.forEach(({heading, body}) => points.create(heading, body));
            texts.forEach(([field, , text]) => points.put(field, text));
            points.changed(() => {
                points.list.replaceChildren(...rows);
                texts.forEach(([field, before]) => points.put(field, before));
            });
            points.say('replaced', {number: found.points.length});
            this.close();
        }

        append() {
            const {points, found} = this;
            const rows = found.points.map(({heading, body}) => points.create(heading, body));
            points.changed(() => rows.forEach((row) => row.remove()));
            points.say('appended', {number: rows.length});
            this.close();
        }

        close() {
            this.box.querySelector('textarea').value = '';
            this.show(null);
            this.box.open = false;
            this.box.querySelector('summary').focus();
        }
    }

    /* Beside each point: what of it the article's text does not say, and the sentences that support it. */
    class Evidence {
        constructor(points) {
            this.points = points;
            const panel = document.getElementById('points-evidence');
            if (panel) {
                panel.hidden = true;
            }
            points.list.addEventListener('input', () => this.later());
            this.compare();
        }

        later() {
            clearTimeout(this.timer);
            this.timer = setTimeout(() => this.compare(), PAUSE);
        }

        async compare() {
            const rows = this.points.rows();
            const data = new URLSearchParams();
            rows.forEach((row) => ['heading', 'body'].forEach((part) => data.append(part, this.points.field(row, part).value)));
            this.asked?.abort();
            this.asked = new AbortController();
            const found = await ask(this.points, this.points.texts.evidence, data, this.asked.signal).catch(() => null);
            found?.points?.forEach((one, at) => this.show(rows[at], one));
        }

        show(row, found) {
            const place = row.querySelector('.point-evidence');
            const empty = ['heading', 'body'].every((part) => !this.points.field(row, part).value.trim());
            const open = place.querySelector('details')?.open;
            place.replaceChildren(...(empty ? [] : [...this.missing(row, found), this.support(found)]));
            if (open) {
                place.querySelector('details')?.setAttribute('open', '');
            }
        }

        missing(row, found) {
            if (!found.missing.length) {
                return [];
            }
            const flags = found.missing.map((one) => {
                const button = make('button', '', make('mark', '', one.text));
                button.type = 'button';
                button.addEventListener('click', () => this.select(row, one));
                return make('li', '', `${one.kind} `, button);
            });
            return [make('p', 'point-lacks', this.points.texts.flagged), make('ul', 'point-missing', ...flags)];
        }

        support(found) {
            if (!found.sentences.length) {
                return make('p', 'point-alone', found.says);
            }
            const sentences = found.sentences.map((one) => make('li', '', make('q', '', one.text)));
            return make('details', 'point-support', make('summary', '', found.says), make('ul', '', ...sentences));
        }

        /* The server counts characters, the browser halves of them where they are rare ones. */
        select(row, one) {
            const field = this.points.field(row, one.part);
            const signs = Array.from(field.value);
            const [start, end] = [one.start, one.end].map((at) => signs.slice(0, at).join('').length);
            field.focus();
            field.setSelectionRange(start, end);
        }
    }

    document.querySelectorAll('.points').forEach(({points, dataset}) => {
        if (dataset.parse) {
            new Paste(points);
        }
        if (dataset.evidence) {
            new Evidence(points);
        }
    });
}
