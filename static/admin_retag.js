'use strict';
/* Names are suggested while somebody types; a record that is under way tells how far it is. */
{
    const WAIT = 150;
    const LOOK = 2000;

    function suggestFor(field, list) {
        let timer = 0;
        let asked = '';
        const ask = async () => {
            const chosen = document.querySelector('[name=vocabulary]:checked');
            const term = field.value.trim();
            if (!chosen || !term) {
                list.replaceChildren();
                return;
            }
            const address = `${chosen.dataset.suggest}?${new URLSearchParams({term})}`;
            asked = address;
            const response = await fetch(address).catch(() => null);
            if (!response || !response.ok || asked !== address) {
                return;
            }
            const {results} = await response.json();
            list.replaceChildren(...results.map((one) => new Option('', one.id)));
        };
        field.addEventListener('input', () => {
            clearTimeout(timer);
            timer = setTimeout(ask, WAIT);
        });
    }

    for (const name of ['remove', 'add']) {
        const field = document.querySelector(`.retag-names [name=${name}]`);
        if (field) {
            const list = document.createElement('datalist');
            list.id = `retag-${name}-names`;
            field.after(list);
            field.setAttribute('list', list.id);
            suggestFor(field, list);
        }
    }

    async function look() {
        const response = await fetch(location.href).catch(() => null);
        if (response && response.ok) {
            const page = new DOMParser().parseFromString(await response.text(), 'text/html');
            const progress = page.querySelector('#retag-progress');
            if (!progress || !('underWay' in progress.dataset)) {
                location.reload();
                return;
            }
            document.querySelector('#retag-progress').replaceChildren(...progress.childNodes);
        }
        setTimeout(look, LOOK);
    }

    if (document.querySelector('#retag-progress[data-under-way]')) {
        setTimeout(look, LOOK);
    }
}
