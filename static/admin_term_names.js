'use strict';
/* Fields for the name of a term: suggestions by name and alias while it is typed. */
{
    const WAIT = 150;

    async function offer(field) {
        const address = new URL(field.dataset.suggest, location.href);
        address.searchParams.set('term', field.value);
        const answer = await fetch(address, {headers: {Accept: 'application/json'}});
        if (!answer.ok) {
            return;
        }
        const {results} = await answer.json();
        const options = results.map((found) => new Option(found.via ? `← ${found.via}` : '', found.id));
        document.getElementById(field.getAttribute('list')).replaceChildren(...options);
    }

    let waiting;
    document.addEventListener('input', ({target}) => {
        if (target.dataset.suggest) {
            clearTimeout(waiting);
            waiting = setTimeout(() => offer(target), WAIT);
        }
    });
}
