'use strict';
/* Who has the article open too, and whether somebody has saved meanwhile. The form is never touched. */
{
    const EVERY = 20000;
    const line = document.getElementById('desk-presence');
    const form = document.getElementById('article_form');
    const content = () => (form ? new URLSearchParams(new FormData(form)).toString() : '');
    let before = '';

    function say(told) {
        const texts = line.dataset;
        const parts = [];
        const seen = form && form.elements.version ? Number(form.elements.version.value) : told.version;
        if (told.others.length) {
            parts.push(texts.open.replace('NAMES', told.others.join(texts.between)));
        }
        if (told.version > seen) {
            parts.push(texts.newer.replace('NAMES', told.by));
        }
        const text = parts.join(' ');
        if (line.dataset.said === text) {
            return; // a screen reader should not hear it every time
        }
        line.dataset.said = text;
        const span = document.createElement('span');
        span.textContent = text;
        line.replaceChildren(...(text ? [span] : []));
        if (told.version > seen) {
            const link = document.createElement('a');
            link.href = window.location.pathname;
            link.target = '_blank';
            link.textContent = texts.present;
            line.append(' ', link);
        }
    }

    async function live() {
        if (document.visibilityState !== 'visible') {
            return;
        }
        const token = document.querySelector('[name=csrfmiddlewaretoken]');
        try {
            const answer = await fetch(line.dataset.address, {
                method: 'POST',
                headers: {'X-CSRFToken': token ? token.value : ''},
                redirect: 'error', // to the login page: somebody else says so
            });
            if (answer.ok) {
                say(await answer.json());
            }
        } catch {
            // Without a connection there is nothing to tell; the next sign of life tries again.
        }
    }

    if (line) {
        window.setInterval(live, EVERY);
        document.addEventListener('visibilitychange', live);
    }
    window.addEventListener('load', () => {
        before = content();
        document.querySelectorAll('.desk-team-form').forEach((own) => {
            own.addEventListener('submit', (event) => {
                if (content() !== before && !window.confirm(own.dataset.unsaved)) {
                    event.preventDefault();
                }
            });
        });
    });
}
