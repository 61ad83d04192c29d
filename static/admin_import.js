'use strict';
/* How far an upload is, or the undoing of a batch; when its state changes, the page is asked for again. Without scripts
   the page asks by itself. */
{
    const EVERY = 1500;
    const work = document.getElementById('import-work');

    async function ask() {
        try {
            const answer = await fetch(work.dataset.address, {redirect: 'error'});
            if (answer.ok) {
                const told = await answer.json();
                if (told.state !== work.dataset.state || (told.held_up ? '1' : '0') !== work.dataset.held) {
                    window.location.reload();
                    return;
                }
                const bar = work.querySelector('progress');
                bar.max = told.of || 1;
                if (told.read !== null) {
                    bar.value = told.read;
                } else {
                    bar.removeAttribute('value');
                }
                const line = work.querySelector('p');
                if (line.textContent !== told.text) {
                    line.textContent = told.text;
                }
            }
        } catch {
            // Without a connection there is nothing to tell; the next question may get an answer.
        }
        window.setTimeout(ask, EVERY);
    }

    if (work) {
        window.setTimeout(ask, EVERY);
    }
}
